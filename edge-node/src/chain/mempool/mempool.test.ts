import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BlockHash,
  type Key25519,
  limits,
  type NodeId,
  type Points,
} from "@meshwork/foundation";
import { type TestMember, TestNetwork, testMember, testOrder } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import {
  signBallot,
  signTransaction,
  type Transaction,
  type TransactionBody,
  type Vote,
} from "@meshwork/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Chain, openChain } from "../store/chain.ts";
import { Mempool } from "./mempool.ts";

let folder: string;
let chain: Chain;
let network: TestNetwork;
let pool: Mempool;
let own: Transaction[];
let wakes: number;
let now: number;
let nonce = 1_000n;
const peer = "P".repeat(44) as NodeId;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-pool-"));
  network = new TestNetwork({ policy: { admission: "open", registerPrice: 0n as Points } });
  chain = await openChain({ folder, genesis: network.genesis, log: silentLog });
  [own, wakes, now] = [[], 0, network.header.time];
  pool = new Mempool({
    chain,
    clock: { now: () => now, monotonic: () => now, setTimer: () => () => {} },
    onOwn: (transaction) => own.push(transaction),
    onExecutable: () => wakes++,
  });
});
afterEach(async () => {
  pool.stop();
  await chain.close();
  await rm(folder, { recursive: true, force: true });
});

function signed(sender: TestMember, body: TransactionBody, change: object = {}): Transaction {
  return signTransaction(sender.keyPair, {
    chainId: network.chainId,
    sender: sender.nodeId,
    nonce: nonce++,
    notAfter: now + 60_000,
    body,
    ...change,
  });
}
const orderBody: TransactionBody = {
  kind: "submit",
  order: testOrder(testMember("gateway").nodeId),
};
const order = (change: object = {}): Transaction => signed(network.requester, orderBody, change);
const registration = (name: string): TransactionBody => ({
  kind: "register",
  publicKey: testMember(name).keyPair.publicKey,
  recoveryHash: network.genesis.nonce,
  node: { transportKey: network.genesis.nonce as string as Key25519, keyVersion: 0 },
  admission: null,
});

/** The network makes a block of what was sent to it, and the chain takes it. */
async function commit(): Promise<void> {
  network.step();
  await chain.commitFinal(network.blocks);
}

describe("handing a transaction in", () => {
  test("wakes the node, sends it out, and ends when a block includes it", async () => {
    const transaction = network.send(network.requester, orderBody);
    const outcome = pool.submit(transaction);
    expect([own, wakes, pool.hasExecutable()]).toEqual([[transaction], 1, true]);
    await commit();
    expect(await outcome).toEqual({ kind: "included", height: 1 });
    expect([pool.size, pool.hasExecutable(), pool.toShare()]).toEqual([0, false, []]);
    expect(await pool.submit(transaction)).toEqual({ kind: "included", height: 1 });
  });

  test("the same one twice is one, with one outcome", () => {
    const transaction = order();
    expect(pool.submit(transaction)).toBe(pool.submit(transaction));
    expect([pool.size, own.length]).toEqual([1, 1]);
  });

  test("what the ledger would refuse is refused at once, by its code", async () => {
    const cases: [string, Transaction][] = [
      ["UNKNOWN_SENDER", signed(testMember("stranger"), orderBody)],
      ["BAD_SIGNATURE", { ...order(), signature: order().signature }],
      ["EXPIRED", order({ notAfter: now - 1 })],
      ["WRONG_CHAIN", order({ chainId: "ab".repeat(32) })],
    ];
    for (const [code, transaction] of cases)
      expect(await pool.submit(transaction)).toMatchObject({ kind: "refused", refusal: { code } });
    expect([pool.size, own.length, wakes]).toEqual([0, 0, 0]);
  });

  test("is refused later when a block has made it impossible", async () => {
    const first = network.send(network.requester, orderBody);
    const outcome = pool.submit(order({ nonce: first.unsigned.nonce, notAfter: now + 1_000 }));
    await commit();
    expect(await outcome).toMatchObject({ kind: "refused", refusal: { code: "NONCE_CONFLICT" } });
    expect(pool.size).toBe(0);
  });

  test("ends as expired when its time has passed, with blocks or without", async () => {
    const [byBlock, byClock] = [order({ notAfter: now + 5 }), order({ notAfter: now + 60_000 })];
    const outcomes = [pool.submit(byBlock), pool.submit(byClock)];
    network.send(network.requester, orderBody);
    await commit();
    expect(await outcomes[0]).toEqual({ kind: "expired" });
    pool.sweep();
    expect(pool.size).toBe(1);
    now += 60_000 + limits.expiryGraceMs + 1;
    pool.sweep();
    expect(await outcomes[1]).toEqual({ kind: "expired" });
    expect(pool.size).toBe(0);
  });
});

describe("what peers bring", () => {
  test("is taken if it is executable, once, and wakes the node once for many", () => {
    const transactions = [order(), order(), order()];
    pool.receive(peer, [...transactions, ...transactions]);
    pool.receive(peer, transactions);
    expect([pool.size, wakes, own.length]).toEqual([3, 1, 0]);
    expect([...pool.executable()]).toEqual(transactions);
  });

  test("is not taken if it is forged, and creates no demand", () => {
    pool.receive(peer, [{ ...order(), signature: order().signature }]);
    expect([pool.size, wakes, pool.hasExecutable()]).toEqual([0, 0, false]);
  });

  test("is not taken in the name of one who did not sign it, and takes nobody's share", async () => {
    const accept = (orderId: string): TransactionBody =>
      ({ kind: "accept", orderId, attempt: 0, role: "worker", seedCommitment: null }) as never;
    const unknown = (i: number) => accept(i.toString(16).padStart(64, "0"));
    const mallory = testMember("mallory");
    const { nodeId: sender } = network.requester;
    const forged = Array.from({ length: limits.mempoolPerSender }, (_, i) =>
      signed(mallory, unknown(i), { sender }),
    );
    pool.receive(peer, forged);
    expect(pool.size).toBe(0);
    // Of a task that this node does not know yet, the sender himself may speak.
    pool.receive(peer, [signed(network.requester, unknown(0))]);
    expect(pool.size).toBe(1);
  });

  /** Two votes that would convict a seat, had it signed them. */
  function falseFault(sender: TestMember, view: number): Transaction {
    const mallory = testMember("mallory").keyPair;
    const voteFor = (hash: string) =>
      signBallot(mallory, network.chainId, 0, {
        ...{ kind: "N", epoch: 0, height: 9, view, blockHash: hash.repeat(64) as BlockHash },
      });
    return signed(sender, { kind: "fault", first: voteFor("a"), second: voteFor("b") });
  }

  test("costs no check of what others have signed before its sender's own signature is known to be good", () => {
    const verifyVote = vi.spyOn(chain.checks, "verifyVote");
    const { nodeId } = network.requester;
    const mallory = testMember("mallory");
    const bad = Array.from({ length: 20 }, (_, i) => falseFault({ ...mallory, nodeId }, i));
    expect(pool.worthChecking(peer, bad)).toHaveLength(20);
    expect(pool.receive(peer, bad)).toBeGreaterThan(0);
    expect(verifyVote).not.toHaveBeenCalled();
    // Who says who he is, and brings false faults, is looked at eight times.
    const false20 = Array.from({ length: 20 }, (_, i) => falseFault(network.requester, i));
    expect(pool.worthChecking(peer, false20)).toHaveLength(20);
    expect(verifyVote).not.toHaveBeenCalled();
    expect(pool.receive(peer, false20)).toBe(8);
    expect(verifyVote).toHaveBeenCalledTimes(8);
    expect(pool.size).toBe(0);
  });

  test("is worth a thread's check also when a block must come first", () => {
    const early = signed(network.requester, {
      ...{ kind: "cancel", orderId: "ab".repeat(32) as never },
    } as TransactionBody);
    expect(pool.worthChecking(peer, [early])).toEqual([
      { key: network.requester.keyPair.publicKey, transaction: early },
    ]);
  });

  test("is passed on when it can be checked to its end, and not before", async () => {
    const newcomer = testMember("newcomer");
    pool.receive(peer, [signed(testMember("mallory"), orderBody, { sender: newcomer.nodeId })]);
    expect([pool.size, pool.toShare()]).toEqual([1, []]);
    const good = order();
    pool.receive(peer, [good]);
    expect(pool.toShare()).toEqual([good]);
    // Now that the sender is known, a forger would be whoever passed it on.
    network.send(newcomer, registration("newcomer"));
    await commit();
    expect(pool.toShare()).toEqual([good]);
  });

  test("of senders that the ledger does not know counts as the peer's who brought it", async () => {
    const newcomer = testMember("newcomer");
    const flood = Array.from({ length: limits.mempoolPerSender + 5 }, () =>
      signed(testMember("mallory"), orderBody, { sender: newcomer.nodeId }),
    );
    pool.receive(peer, flood);
    expect(pool.size).toBe(limits.mempoolPerSender);
    const other = "Q".repeat(44) as NodeId;
    pool.receive(other, [signed(newcomer, registration("newcomer"))]);
    expect([pool.size, pool.hasExecutable()]).toEqual([limits.mempoolPerSender + 1, true]);
  });

  test("that a block may make executable waits a little, and not longer", async () => {
    const newcomer = testMember("newcomer");
    const early = signed(newcomer, orderBody);
    const lost = signed(testMember("nobody"), orderBody);
    pool.receive(peer, [early, lost]);
    expect([pool.size, wakes, pool.hasExecutable()]).toEqual([2, 0, false]);
    network.send(newcomer, registration("newcomer"));
    await commit();
    // Registered now, but without points: it waits on.
    expect(pool.hasExecutable()).toBe(false);
    expect(pool.size).toBe(2);
    now += limits.mempoolWaitMs + 1;
    pool.sweep();
    expect(pool.size).toBe(0);
  });

  test("a transaction that its own user hands in here too is this node's to send", async () => {
    const transaction = network.send(network.requester, orderBody);
    pool.receive(peer, [transaction]);
    const outcome = pool.submit(transaction);
    expect([pool.size, own]).toEqual([1, [transaction]]);
    await commit();
    expect(await outcome).toEqual({ kind: "included", height: 1 });
  });

  test("one sender and one peer fill their share of the pool and no more", async () => {
    const flood = Array.from({ length: limits.mempoolPerSender + 5 }, () => order());
    pool.receive(peer, flood);
    expect(pool.size).toBe(limits.mempoolPerSender);
    expect(await pool.submit(order())).toMatchObject({
      kind: "refused",
      refusal: { code: "TOO_MANY_PENDING" },
    });
  });

  test("of one sender floods no block: another's comes next, and what protects the ledger first", () => {
    pool.receive(
      peer,
      Array.from({ length: 100 }, () => order()),
    );
    const newcomer = testMember("newcomer");
    const other = signed(newcomer, registration("newcomer"));
    const [seat] = network.state.committee.seats;
    const villain = network.memberOf(seat?.node as NodeId);
    const [first, second] = ["a", "b"].map((hash) =>
      signBallot(villain.voteKeyPair, network.chainId, 0, {
        ...{ kind: "N", epoch: 0, height: 1, view: 0, blockHash: hash.repeat(64) as BlockHash },
      }),
    ) as [Vote, Vote];
    const fault = signed(network.requester, { kind: "fault", first, second });
    pool.receive(peer, [other, fault]);
    expect([...pool.executable()][0]).toEqual(fault);
    // A registration pays for no priority; in time it is as good as any.
    now += 4 * limits.mempoolAgeingMs;
    expect([...pool.executable()].indexOf(other)).toBe(2);
  });

  test("what a builder could not use is looked at again on the next head", async () => {
    const transactions = [order(), order()];
    pool.receive(peer, transactions);
    pool.setAside(transactions);
    expect(pool.hasExecutable()).toBe(false);
    network.send(network.requester, orderBody);
    await commit();
    expect([...pool.executable()]).toEqual(transactions);
  });
});
