import type { NodeId, Points } from "@meshwork/foundation";
import { type Account, applyBlock, believingChecks } from "@meshwork/ledger";
import { block as blockWire } from "@meshwork/protocol";
import { type Bench, type BenchRow, median, row } from "./harness.ts";
import { ChainGenerator, registrationIn } from "./ledger-generator.ts";

const SIZES = [1_000, 100_000, 1_000_000];
const ROUNDS = 7;
const TRANSACTIONS = 200;

/**
 * The pure transition, without signatures: decoded block in, next state and its root out. Each block
 * opens accounts, so each transaction puts a new leaf into the tree.
 */
export const state: Bench = {
  name: "state",
  about: "state transition per transaction at 10^3, 10^5 and 10^6 accounts, without signatures",
  async run() {
    const generator = new ChainGenerator();
    const rows: BenchRow[] = [];
    let first: number | null = null;
    let accounts = 0;
    for (const size of SIZES) {
      const begun = performance.now();
      fill(generator, accounts, size);
      accounts = size;
      generator.network.state.root();
      const fillSeconds = (performance.now() - begun) / 1_000;
      const microseconds = measure(generator);
      first ??= microseconds;
      const growth = size === SIZES[0] ? {} : { baseline: first };
      rows.push(
        row({
          metric: `a transaction at ${size} accounts`,
          value: microseconds,
          unit: "µs",
          ...growth,
        }),
        row({ metric: `to build that state and its root`, value: fillSeconds, unit: "s" }),
      );
    }
    return { rows };
  },
};

/** Empty accounts beside those that are there. */
function fill({ network }: ChainGenerator, from: number, to: number): void {
  const [model] = network.members;
  const account = model && network.state.account(model.nodeId);
  if (account === undefined) throw new Error("the genesis has no member");
  let { state: grown } = network;
  for (let i = from; i < to; i++) grown = grown.with("account", emptyAccount(account, i));
  network.state = grown;
}

const emptyAccount = (model: Account, index: number): Account => ({
  ...model,
  // In the alphabet of names, and of their length.
  nodeId: String(index).replaceAll("0", "a").padStart(46, "Q") as NodeId,
  points: 0n as Points,
});

/** Microseconds a transaction, in the median block. */
function measure(generator: ChainGenerator): number {
  const { network } = generator;
  const times: number[] = [];
  for (let round = -2; round < ROUNDS; round++) {
    const { state: before, header: parent } = network;
    const candidates = Array.from({ length: TRANSACTIONS }, () => registrationIn(network));
    const { block } = generator.next(candidates);
    // What its builder remembers of it, a receiver has to work out.
    const received = blockWire.decode(blockWire.encode(block));
    const begun = performance.now();
    const applied = applyBlock(
      { state: before, parent, leader: block.header.proposer, checks: believingChecks },
      received,
    );
    const elapsedMs = performance.now() - begun;
    if (!applied.ok) throw new Error(applied.refusal.reason);
    if (round >= 0) times.push((elapsedMs * 1_000) / TRANSACTIONS);
  }
  return median(times);
}
