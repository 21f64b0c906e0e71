import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogRecord } from "@meshwork/consensus";
import {
  type BlockHash,
  type Clock,
  type NodeId,
  type PublicKey,
  systemClock,
} from "@meshwork/foundation";
import { type TestMember, TestNetwork, testOrder } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import {
  type Ballot,
  type ConsensusMessage,
  consensusMessageWire,
  type FinalizedBlock,
  headerHash,
  signBallot,
  type Vote,
} from "@meshwork/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Mempool } from "../mempool/mempool.ts";
import { type Chain, openChain } from "../store/chain.ts";
import { createApplication } from "./application.ts";
import { ConsensusDriver } from "./consensus-driver.ts";
import type { VoteKey } from "./vote-key.ts";

/** One seat, whose disk, network and clock the test turns by hand; it leads the first height. */
const network = new TestNetwork();
const seats = network.state.committee.seats;
const me = network.leaderAt(1);
const others = seats.map(({ node }) => network.memberOf(node)).filter((each) => each !== me);
const seatOf = (member: TestMember) => seats.findIndex(({ node }) => node === member.nodeId);

let folder: string;
let chain: Chain;
let mempool: Mempool;
let driver: ConsensusDriver;
let warnings: string[];
let sent: ConsensusMessage[];
let appends: { record: LogRecord; settle: PromiseWithResolvers<void> }[];
let fatal: unknown[];
/** Batches of signatures that threads are checking. */
let threads: { checks: number; answer(): void }[];
let convictions: unknown[];
/** How far back the log remembers. */
let completeFrom: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-driver-"));
  chain = await openChain({ folder, genesis: network.genesis, log: silentLog });
  [sent, appends, fatal, warnings, convictions] = [[], [], [], [], []];
  completeFrom = 0;
  threads = [];
  const { time } = network.header;
  const clock: Clock = { ...systemClock, now: () => time + 10, setTimer: () => () => {} };
  const log = { ...silentLog, warn: (message: string) => warnings.push(message) };
  mempool = new Mempool({ chain, clock, onOwn: () => {}, onExecutable: () => driver.wake() });
  const key: VoteKey = {
    keyPair: me.voteKeyPair,
    vrfSeed: me.vrfSeed,
    public: seats[seatOf(me)] as VoteKey["public"],
  };
  const keys = {
    of: (voteKey: PublicKey) => (voteKey === key.public.voteKey ? key : undefined),
  };
  const parts = { me: me.nodeId, keys, chain, mempool, clock, log: { ...log, child: () => log } };
  driver = new ConsensusDriver({
    ...parts,
    application: createApplication(parts),
    wal: {
      get completeFrom() {
        return completeFrom;
      },
      recordsOf: () => [],
      prune: async () => {},
      append(record) {
        const settle = Promise.withResolvers<void>();
        appends.push({ record, settle });
        return settle.promise;
      },
    },
    links: {
      send: (_to, frame) => sent.push(consensusMessageWire.decode(frame)),
      broadcast: (frame) => sent.push(consensusMessageWire.decode(frame)),
    },
    signatures: {
      async verify(checks) {
        const settle = Promise.withResolvers<boolean[]>();
        threads.push({
          checks: checks.length,
          answer: () => settle.resolve(checks.map(() => true)),
        });
        return settle.promise;
      },
    },
    shareTransactions: () => {},
    onEvidence: (evidence) => convictions.push(evidence),
    onFatal: (error) => fatal.push(error),
  });
});
afterEach(async () => {
  driver.stop();
  mempool.stop();
  await chain.close();
  await rm(folder, { recursive: true, force: true });
});

const turns = () => new Promise((resolve) => setTimeout(resolve, 20));
const kinds = () =>
  sent.map((message) => (message.kind === "vote" ? message.vote.ballot.kind : message.kind));

/** The disk has written all that it was given. */
async function sync(): Promise<void> {
  for (const { settle } of appends) settle.resolve();
  await turns();
}

function handIn(): void {
  const order = testOrder(network.requester.nodeId);
  void mempool.submit(network.sign(network.requester, { kind: "submit", order }));
}

/** Our proposal has left; what its votes are about. */
async function propose(): Promise<Ballot> {
  handIn();
  await sync();
  const [proposal] = sent;
  if (proposal?.kind !== "proposal") throw new Error("nothing was proposed");
  return proposal.vote.ballot;
}

const voteOf = (member: TestMember, ballot: Ballot): Vote =>
  signBallot(member.voteKeyPair, network.chainId, seatOf(member), ballot);
const hear = (from: NodeId, vote: Vote) => driver.receive(from, { kind: "vote", vote });

describe("a seat's driver", () => {
  test("lets a proposal leave when the log holds it, and not before", async () => {
    handIn();
    await turns();
    expect(appends.map(({ record }) => record.kind)).toEqual(["vote"]);
    expect(sent).toEqual([]);
    await sync();
    expect(kinds()).toEqual(["proposal"]);
  });

  test("logs a certificate and its own F before the F leaves", async () => {
    const ballot = await propose();
    for (const member of others.slice(0, 2)) hear(member.nodeId, voteOf(member, ballot));
    await turns();
    expect(appends.map(({ record }) => record.kind)).toEqual(["vote", "certificate", "vote"]);
    expect(kinds()).toEqual(["proposal"]);
    await sync();
    expect(kinds()).toEqual(["proposal", "F"]);
  });

  test("commits what a quorum has finalized", async () => {
    const ballot = await propose();
    for (const member of others.slice(0, 2)) hear(member.nodeId, voteOf(member, ballot));
    await sync();
    const final = { ...ballot, kind: "F" as const };
    for (const member of others.slice(0, 2)) hear(member.nodeId, voteOf(member, final));
    await chain.waitFor(1, AbortSignal.timeout(5_000));
    expect(chain.head.hash).toBe(ballot.blockHash);
  });

  test("signs nothing more once its disk has failed", async () => {
    handIn();
    await turns();
    const failure = new Error("no space left");
    appends[0]?.settle.reject(failure);
    await turns();
    handIn();
    for (const member of others)
      hear(
        member.nodeId,
        voteOf(member, { kind: "X", epoch: 0, height: 1, view: 0, blockHash: null }),
      );
    await turns();
    expect([sent, appends.length, fatal]).toEqual([[], 1, [failure]]);
  });

  test("listens to no vote with another's signature, and to nobody without a seat", async () => {
    const ballot = await propose();
    const [a, b] = others as [TestMember, TestMember];
    const stranger = network.requester;
    hear(a.nodeId, { ...voteOf(a, ballot), seat: seatOf(b) });
    hear(a.nodeId, voteOf(a, { ...ballot, epoch: 7 }));
    hear(stranger.nodeId, voteOf(b, ballot));
    await sync();
    expect(warnings).toHaveLength(2);
    expect(kinds()).toEqual(["proposal"]);
    // The same votes from the seats themselves count.
    for (const member of [a, b]) hear(member.nodeId, voteOf(member, ballot));
    await sync();
    expect(kinds()).toEqual(["proposal", "F"]);
  });

  test("has threads check the many unseen transactions of a proposal, once, and votes when they have", async () => {
    const elsewhere = new TestNetwork();
    elsewhere.step({ view: 1 });
    await chain.commit(elsewhere.blocks[0] as FinalizedBlock);
    const order = testOrder(elsewhere.requester.nodeId);
    for (let i = 0; i < 20; i++) elsewhere.send(elsewhere.requester, { kind: "submit", order });
    const built = elsewhere.propose();
    if (!built.ok) throw new Error(built.refusal.reason);
    const { block } = built;
    const leader = elsewhere.leaderAt(2);
    const ballot: Ballot = {
      kind: "N",
      epoch: 0,
      height: 2,
      view: 0,
      blockHash: headerHash(block.header),
    };
    const proposal: ConsensusMessage = {
      kind: "proposal",
      ...{ block, justification: { notarized: null, nullified: [] }, vote: voteOf(leader, ballot) },
    };
    for (let i = 0; i < 3; i++) driver.receive(leader.nodeId, proposal);
    await turns();
    expect([threads.map(({ checks }) => checks), appends]).toEqual([[20], []]);
    for (const { answer } of threads) answer();
    await turns();
    expect(appends.map(({ record }) => record.kind)).toEqual(["vote"]);
    driver.receive(leader.nodeId, proposal);
    expect(threads).toHaveLength(1);
  });

  test("hands over the two votes of a seat that contradict each other", async () => {
    const ballot = await propose();
    const [a] = others as [TestMember];
    const other = { ...ballot, blockHash: "ab".repeat(32) as BlockHash };
    const [first, second] = [voteOf(a, ballot), voteOf(a, other)];
    for (const vote of [first, second, first]) hear(a.nodeId, vote);
    expect(convictions).toEqual([{ seat: seatOf(a), first, second }]);
  });

  describe("a seat that signs twice, the second time when the height is decided,", () => {
    const rival = (ballot: Ballot): Ballot => ({
      ...ballot,
      blockHash: "ab".repeat(32) as BlockHash,
    });
    const [a, b, c] = others as [TestMember, TestMember, TestMember];

    /** Decided by `a` and `b`; what `c` says was needed no more. */
    async function decide(): Promise<Ballot> {
      const ballot = await propose();
      for (const member of [a, b]) hear(member.nodeId, voteOf(member, ballot));
      await sync();
      for (const member of [a, b]) hear(member.nodeId, voteOf(member, { ...ballot, kind: "F" }));
      await chain.waitFor(1, AbortSignal.timeout(5_000));
      return ballot;
    }

    test("is convicted, by what it said in time or by two late votes, once", async () => {
      const ballot = await decide();
      const second = voteOf(a, rival(ballot));
      hear(a.nodeId, second);
      hear(a.nodeId, second);
      expect(convictions).toMatchObject([{ seat: seatOf(a), first: { ballot }, second }]);
      const both = [voteOf(c, ballot), voteOf(c, rival(ballot))];
      for (const vote of both) hear(c.nodeId, vote);
      expect(convictions[1]).toEqual({ seat: seatOf(c), first: both[0], second: both[1] });
      hear(b.nodeId, voteOf(b, { ...ballot, kind: "X", blockHash: null }));
      expect(convictions[2]).toMatchObject({ first: { ballot: { kind: "F" } } });
    });

    test("is not who was only named by another, or whose vote nobody signed", async () => {
      const ballot = await decide();
      hear(b.nodeId, voteOf(a, rival(ballot)));
      hear(a.nodeId, { ...voteOf(b, rival(ballot)), seat: seatOf(a) });
      hear(c.nodeId, { ...voteOf(b, rival(ballot)), seat: seatOf(c) });
      hear(c.nodeId, voteOf(c, ballot));
      hear(c.nodeId, voteOf(c, ballot));
      expect(convictions).toEqual([]);
    });
  });

  test("does not vote where its log may have forgotten what it signed, as after a restore", async () => {
    const elsewhere = new TestNetwork();
    for (let i = 0; i < 3; i++) elsewhere.step({ view: 1 });
    completeFrom = 4;
    for (const [i, finalized] of elsewhere.blocks.entries()) {
      await chain.commit(finalized);
      expect(driver.isSeated, `at height ${i + 2}`).toBe(i === 2);
      if (driver.isSeated) break;
      handIn();
      const nullify = { kind: "X", epoch: 0, height: i + 2, view: 0, blockHash: null } as const;
      for (const member of others) hear(member.nodeId, voteOf(member, nullify));
      await turns();
      expect(driver.position).toEqual({ height: i + 2, view: 1 });
    }
    // Not even a certificate: it would look as if the log knew this height.
    expect(appends).toEqual([]);
  });
});
