import { readFile } from "node:fs/promises";
import { generateKeyPair, nodeIdOf } from "@meshwork/crypto";
import {
  type ChainId,
  type Digest,
  fromHex,
  fromUtf8,
  type Key25519,
  systemClock,
  systemRandom,
  toHex,
} from "@meshwork/foundation";
import { testMember } from "@meshwork/ledger/testing";
import { createLog, createMetrics } from "@meshwork/observability";
import { createIdentity, createP2p } from "@meshwork/p2p";
import {
  chainIdOf,
  genesis as genesisWire,
  nodeRecord,
  signTransaction,
  type Transaction,
} from "@meshwork/protocol";
import { startLedgerNode } from "../ledger-node.ts";

/** What the test says to one validator's process, and what that answers. */
export type Told =
  | { kind: "meet"; records: readonly string[] }
  /** Hand in so many transactions, one after the other. */
  | { kind: "include"; count: number }
  /** Hand in transactions until the process is killed. */
  | { kind: "never-stop" }
  | { kind: "wait"; height: number };
export type Answer =
  | { kind: "ready"; record: string; height: number }
  | { kind: "included"; finalityMs: number[] }
  | { kind: "at"; height: number; hash: string };

/** p2p and the ledger in a process of its own, nothing else: `node validator-process.ts folder member genesis`. */
async function main([folder, name, genesisFile]: string[]): Promise<void> {
  if (!folder || !name || !genesisFile) throw new TypeError("name a folder, a member, a genesis");
  const genesis = genesisWire.fromJson(fromUtf8(await readFile(genesisFile)));
  const chainId = chainIdOf(genesis);
  const { keyPair } = testMember(name);
  const sealKey = "22".repeat(32) as Key25519;
  const identity = createIdentity(
    { clock: systemClock },
    { chainId, keyPair, roles: ["validator"], region: "test", sealKey, software: "test" },
  );
  const log = createLog({ level: "error", fields: { name } });
  const clock = systemClock;
  const metrics = createMetrics({ processMetrics: false });
  const p2p = await createP2p(
    { identity, clock, random: systemRandom, log, metrics },
    { listen: ["/ip4/127.0.0.1/tcp/0"] },
  );
  const onFatal = (error: unknown) => {
    log.error("the validator must stop", { error });
    process.exit(1);
  };
  const node = await startLedgerNode(
    { me: p2p.nodeId, channels: p2p.channels, clock, log, onFatal },
    { folder, genesis, votes: true },
  );
  await p2p.start();
  const { chain, mempool } = node;
  const answer = (message: Answer) => process.send?.(message);

  process.on("message", async (told: Told) => {
    switch (told.kind) {
      case "meet":
        for (const record of told.records) p2p.book.put(nodeRecord.decode(fromHex(record)));
        break;
      case "include": {
        const finalityMs: number[] = [];
        for (let i = 0; i < told.count; i++) {
          const transaction = registration(chainId);
          const since = clock.monotonic();
          const { kind } = await mempool.submit(transaction);
          if (kind !== "included") throw new Error(`the transaction was ${kind}`);
          finalityMs.push(clock.monotonic() - since);
        }
        answer({ kind: "included", finalityMs });
        break;
      }
      case "never-stop":
        for (;;) await mempool.submit(registration(chainId));
      case "wait":
        await chain.waitFor(told.height, AbortSignal.timeout(60_000));
        answer({ kind: "at", height: chain.head.height, hash: await hashAt(told.height) });
        break;
    }
  });
  // What else is there to live for?
  process.on("disconnect", () => process.exit());
  const hashAt = async (height: number) =>
    (await chain.blockAt(height))?.block.header.stateRoot ?? chain.head.header.stateRoot;
  answer({
    kind: "ready",
    record: toHex(nodeRecord.encode(p2p.ownRecord())),
    height: chain.head.height,
  });
}

/** A newcomer opens an account: of that there is always another. */
function registration(chainId: ChainId): Transaction {
  const keyPair = generateKeyPair();
  return signTransaction(keyPair, {
    chainId,
    sender: nodeIdOf(keyPair.publicKey),
    nonce: 0n,
    notAfter: systemClock.now() + 60_000,
    body: {
      kind: "register",
      publicKey: keyPair.publicKey,
      recoveryHash: "00".repeat(32) as Digest,
      node: null,
      admission: null,
    },
  });
}

await main(process.argv.slice(2));
