import { applyBlock, believingChecks } from "@meshwork/ledger";
import {
  block as blockWire,
  type Transaction,
  transactionRootOf,
  verifyTransaction,
} from "@meshwork/protocol";
import { type BenchRow, interleave, row } from "./harness.ts";
import { ChainGenerator, registrationIn } from "./ledger-generator.ts";

const TRANSACTIONS = 500;
const ROUNDS = 7;

/** What a validator does for each transaction of a block, against the one check of its signature. */
export async function costRows(): Promise<BenchRow[]> {
  const generator = new ChainGenerator();
  const { network } = generator;
  const { state, header: parent } = network;
  const { block } = generator.next(
    Array.from({ length: TRANSACTIONS }, () => registrationIn(network)),
  );
  const bytes = blockWire.encode(block);
  const ground = { state, parent, leader: block.header.proposer, checks: believingChecks };
  const { check, ...costs } = await interleave(
    {
      check: () => microseconds(() => blockWire.decode(bytes).transactions.every(isSigned)),
      write: () => microseconds(() => blockWire.encode(block)),
      read: () => microseconds(() => blockWire.decode(bytes)),
      // Not `block`, of which its maker remembers much.
      root: () => microseconds(() => transactionRootOf(blockWire.decode(bytes).transactions)),
      apply: () => microseconds(() => applyBlock(ground, blockWire.decode(bytes)).ok),
    },
    ROUNDS,
  );
  const about = {
    write: "to write a transaction of a block",
    read: "to read it",
    root: "to read it, and its part of the root",
    apply: "to read and apply it, and its part of the state's root",
  };
  const baseline = check;
  return Object.entries(about).map(([name, what]) =>
    row({
      metric: `${what}, against one signature`,
      value: costs[name as keyof typeof about],
      unit: "µs",
      baseline,
    }),
  );
}

const isSigned = (transaction: Transaction): boolean => {
  const { body } = transaction.unsigned;
  return body.kind === "register" && verifyTransaction(body.publicKey, transaction);
};

/** A transaction. What is wrong about the block would make it cheap. */
function microseconds(action: () => unknown): number {
  const begun = performance.now();
  if (!action()) throw new Error("the block is not what it should be");
  return ((performance.now() - begun) * 1_000) / TRANSACTIONS;
}
