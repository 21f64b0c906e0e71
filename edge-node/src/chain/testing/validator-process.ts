import { readFile } from "node:fs/promises";
import { generateKeyPair, type KeyPair, nodeIdOf } from "@meshwork/crypto";
import {
  type ChainId,
  type Digest,
  fromHex,
  fromUtf8,
  type Key25519,
  limits,
  type NodeId,
  sleep,
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
  type TransactionBody,
} from "@meshwork/protocol";
import { type LedgerNode, startLedgerNode } from "../ledger-node.ts";
import type { ChainHead } from "../store/chain-head.ts";

/** What the test says to one validator's process, and what that answers. */
export type Told =
  | { kind: "meet"; records: readonly string[] }
  /** Hand in so many transactions, one after the other. */
  | { kind: "include"; count: number }
  /** Hand in transactions until the process is killed. */
  | { kind: "never-stop" }
  /** Hand in so many at a time until the process is killed, and tell of each that was acknowledged. */
  | { kind: "load"; atOnce: number }
  /** Sign so many registrations of newcomers, to be handed in by `burst`. */
  | { kind: "sign"; count: number }
  /** Sign a renewal of each of the nodes that were registered last, to be handed in by `burst`. */
  | { kind: "sign-renewals" }
  /** Hand in what is signed, so many at a time. @default all at once */
  | { kind: "burst"; atOnce?: number }
  | { kind: "look"; accounts: readonly string[] }
  | { kind: "wait"; height: number };
export type Answer =
  | { kind: "ready"; record: string; height: number }
  | { kind: "included"; finalityMs: number[] }
  | { kind: "acknowledged"; account: string }
  | { kind: "signed" }
  | { kind: "burst"; elapsedMs: number }
  /** Which of these accounts the ledger does not know, and why nothing is written, if so. */
  | { kind: "seen"; height: number; missing: string[]; trouble: string | null }
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
  const obey = servantOf({ node, chainId });
  process.on("message", (told: Told) => {
    if (told.kind !== "meet") return void obey(told);
    for (const record of told.records) p2p.book.put(nodeRecord.decode(fromHex(record)));
  });
  // What else is there to live for?
  process.on("disconnect", () => process.exit());
  const record = toHex(nodeRecord.encode(p2p.ownRecord()));
  answer({ kind: "ready", record, height: node.chain.head.height });
}

const answer = (message: Answer) => process.send?.(message);

type Order = Exclude<Told, { kind: "meet" }>;

/** Does what the test says, except for whom it says to meet. */
function servantOf({ node, chainId }: { node: LedgerNode; chainId: ChainId }) {
  const { chain, mempool } = node;
  const clock = systemClock;
  let signed: Transaction[] = [];
  let newcomers: KeyPair[] = [];
  const include = async (count: number) => {
    const finalityMs: number[] = [];
    for (let i = 0; i < count; i++) {
      const transaction = registration(chainId);
      const since = clock.monotonic();
      const { kind } = await mempool.submit(transaction);
      if (kind !== "included") throw new Error(`the transaction was ${kind}`);
      finalityMs.push(clock.monotonic() - since);
    }
    answer({ kind: "included", finalityMs });
  };
  const handInForEver = async () => {
    for (;;) {
      const transaction = registration(chainId);
      const refusal = await mempool.accept(transaction);
      if (refusal !== null) await sleep(clock, 50);
      else {
        answer({ kind: "acknowledged", account: transaction.unsigned.sender });
        await mempool.submit(transaction);
      }
    }
  };
  const burst = async (atOnce = signed.length) => {
    const since = clock.monotonic();
    await handIn(mempool, signed, atOnce);
    answer({ kind: "burst", elapsedMs: clock.monotonic() - since });
  };
  const look = (accounts: readonly string[]) => {
    const { height, state } = chain.head;
    const missing = accounts.filter((id) => !state.account(id as NodeId));
    answer({ kind: "seen", height, missing, trouble: node.trouble?.code ?? null });
  };
  const wait = async (height: number) => {
    await chain.waitFor(height, AbortSignal.timeout(60_000));
    const hash = (await chain.blockAt(height))?.block.header.stateRoot;
    const { head } = chain;
    answer({ kind: "at", height: head.height, hash: hash ?? head.header.stateRoot });
  };
  return async (told: Order): Promise<void> => {
    switch (told.kind) {
      case "include":
        return include(told.count);
      case "never-stop":
        for (;;) await mempool.submit(registration(chainId));
      case "load":
        for (let i = 0; i < told.atOnce; i++) void handInForEver();
        return;
      case "sign":
        newcomers = Array.from({ length: told.count }, () => generateKeyPair());
        signed = newcomers.map((keyPair) => registration(chainId, keyPair));
        answer({ kind: "signed" });
        return;
      case "sign-renewals":
        signed = newcomers.map((keyPair) => renewal(chain.head, keyPair));
        answer({ kind: "signed" });
        return;
      case "burst":
        return burst(told.atOnce);
      case "look":
        return look(told.accounts);
      case "wait":
        return wait(told.height);
    }
  };
}

/** The next when one of those under way is included. */
async function handIn(
  mempool: LedgerNode["mempool"],
  transactions: readonly Transaction[],
  atOnce: number,
): Promise<void> {
  const waiting = transactions.values();
  const oneByOne = async () => {
    for (const transaction of waiting) {
      const { kind } = await mempool.submit(transaction);
      if (kind !== "included") throw new Error(`a transaction was ${kind}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, oneByOne));
}

/** A newcomer opens an account: of that there is always another. */
function registration(chainId: ChainId, keyPair = generateKeyPair()): Transaction {
  return signed(chainId, keyPair, {
    kind: "register",
    publicKey: keyPair.publicKey,
    recoveryHash: "00".repeat(32) as Digest,
    node: { transportKey: toHex(systemRandom.bytes(32)) as Key25519, keyVersion: 0 },
    admission: null,
  });
}

/** What a node sends all its life: of its key everybody knows already. */
function renewal({ height, hash, header }: ChainHead, keyPair: KeyPair): Transaction {
  return signed(header.chainId, keyPair, {
    kind: "renew",
    recentBlock: { height: height - 1, hash: header.parent },
    runtimes: [],
    serves: [],
    region: "test",
    capacity: 0,
    memoryMiB: 0,
    cpus: 1,
    sealKey: hash as string as Key25519,
    vote: null,
    nearness: null,
  });
}

const signed = (chainId: ChainId, keyPair: KeyPair, body: TransactionBody): Transaction =>
  signTransaction(keyPair, {
    chainId,
    sender: nodeIdOf(keyPair.publicKey),
    nonce: new DataView(systemRandom.bytes(8).buffer).getBigUint64(0),
    notAfter: systemClock.now() + limits.transactionLifetimeMs / 2,
    body,
  });

await main(process.argv.slice(2));
