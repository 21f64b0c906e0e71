import { rm } from "node:fs/promises";
import { join } from "node:path";
import { contradict, defaultSettings, type Settings } from "@meshwork/consensus";
import type { TestMember } from "@meshwork/ledger/testing";
import { consensusMessageWire, streamNames, type Vote } from "@meshwork/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LedgerNode } from "../ledger-node.ts";
import { LedgerWorld } from "../testing/ledger-world.ts";
import { backUpNode } from "./back-up-node.ts";
import { findSnapshot } from "./list-snapshots.ts";
import { restoreSnapshot } from "./restore-snapshot.ts";
import { MemorySnapshotStore } from "./testing/memory-store.ts";

const settings: Settings = { ...defaultSettings, baseTimeoutMs: 400, graceMs: 50, tickMs: 50 };

let world: LedgerWorld;
let store: MemorySnapshotStore;
let votes: Vote[];
beforeEach(async () => {
  world = await LedgerWorld.create({ settings });
  store = new MemorySnapshotStore();
  votes = [];
  world.network.onFrame = (_from, protocol, frame) => {
    if (protocol !== streamNames.consensus) return;
    const message = consensusMessageWire.decode(frame);
    if (message.kind === "vote" || message.kind === "proposal") votes.push(message.vote);
  };
});
afterEach(async () => {
  await world.end();
  expect(world.fatal).toEqual([]);
});

const folderOf = (member: TestMember) => join(world.folder, member.name);

async function include(node: LedgerNode, count: number): Promise<void> {
  for (let i = 0; i < count; i++)
    expect(await node.mempool.submit(world.registration())).toMatchObject({ kind: "included" });
}

/** Four validators make blocks, the last is stopped and backed up, and the others go on. */
async function backedUp() {
  const [first, , , last] = world.validators;
  if (!first || !last) throw new Error("four validators, please");
  const [node] = await world.startAll(world.validators);
  if (!node) throw new Error("no node");
  await include(node, 3);
  await world.stop(last);
  const { manifest } = await backUpNode(store, { folder: folderOf(last), genesis: world.genesis });
  await include(node, 3);
  const seat = node.chain.head.state.committee.seats.findIndex((each) => each.node === last.nodeId);
  return { node, last, seat, height: manifest.height };
}

async function restored(member: TestMember, lost: "chain" | ""): Promise<LedgerNode> {
  const folder = folderOf(member);
  await rm(join(folder, lost), { recursive: true });
  await restoreSnapshot(await findSnapshot(store), store, { genesis: world.genesis, folder });
  return world.start(member);
}

async function catchUp(node: LedgerNode, to: LedgerNode): Promise<void> {
  const { height, hash } = to.chain.head;
  await node.chain.waitFor(height, AbortSignal.timeout(20_000));
  const at = await node.chain.blockAt(height);
  expect(at?.certificate.ballot.blockHash ?? node.chain.head.hash).toBe(hash);
}

/** Of a final block every node may hold another quorum's signatures: the blocks are compared. */
async function expectSameBlock(one: LedgerNode, other: LedgerNode, height: number): Promise<void> {
  const [mine, theirs] = await Promise.all([one, other].map(({ chain }) => chain.blockAt(height)));
  expect(mine?.block).toBeDefined();
  expect(mine?.block).toEqual(theirs?.block);
}

const ofSeat = (seat: number) => votes.filter((vote) => vote.seat === seat);

function expectNoContradiction(ofOne: readonly Vote[]): void {
  for (const [i, one] of ofOne.entries())
    for (const other of ofOne.slice(i + 1)) expect(contradict(one, other)).toBe(false);
}

test("a node restored from a snapshot follows on from live peers", async () => {
  const { node, last, height } = await backedUp();
  const again = await restored(last, "");
  expect(again.chain.base).toBe(height);
  await catchUp(again, node);
  expect(again.chain.head.state.root()).toBe(node.chain.head.state.root());
  expect(await again.chain.blockAt(height)).toBeNull();
  await expectSameBlock(again, node, height + 1);
});

test("a newcomer gets the whole chain although some of its peers begin at a snapshot", async () => {
  const { node, last } = await backedUp();
  await catchUp(await restored(last, ""), node);
  const newcomer = world.members.find((member) => !world.validators.includes(member));
  if (!newcomer) throw new Error("everybody votes");
  const latecomer = await world.start(newcomer);
  await catchUp(latecomer, node);
  await expectSameBlock(latecomer, node, 1);
});

test("a seat whose folder was lost gets a new key from a restore, and never votes with the old one", async () => {
  const { node, last, seat } = await backedUp();
  const before = ofSeat(seat).length;
  const key = node.chain.head.state.committee.seats[seat]?.voteKey;
  const again = await restored(last, "");
  expect(again.voteKey?.voteKey).not.toBe(key);
  await catchUp(again, node);
  await include(node, 2);
  await catchUp(again, node);
  expect(ofSeat(seat)).toHaveLength(before);
});

test("when all ledgers are lost and the logs are not, the network comes back to where it was, and goes on", async () => {
  const { validators } = world;
  const [node] = await world.startAll(validators);
  const [first] = validators;
  if (!node || !first) throw new Error("no node");
  const stopAll = () => Promise.all(validators.map((member) => world.stop(member)));
  await include(node, 2);
  await stopAll();
  const { manifest } = await backUpNode(store, { folder: folderOf(first), genesis: world.genesis });
  const [later] = await world.startAll(validators);
  if (!later) throw new Error("no node");
  await include(later, 3);
  const lost = later.chain.head;
  await stopAll();

  expect(lost.height).toBeGreaterThan(manifest.height + 1);
  const [again] = await Promise.all(validators.map((member) => restored(member, "chain")));
  if (!again) throw new Error("no node");
  await again.chain.waitFor(lost.height, AbortSignal.timeout(20_000));
  expect((await again.chain.blockAt(lost.height))?.certificate.ballot.blockHash).toBe(lost.hash);
  await include(again, 1);
  for (const seat of validators.keys()) expectNoContradiction(ofSeat(seat));
});

test("a seat whose ledger alone was lost votes again after a restore, and contradicts nothing it said", async () => {
  const { node, last, seat } = await backedUp();
  // It votes above the snapshot, and then falls back to it.
  const there = await world.start(last);
  await catchUp(there, node);
  await include(there, 2);
  await world.stop(last);
  const before = ofSeat(seat).length;
  const again = await restored(last, "chain");
  await catchUp(again, node);
  await include(again, 2);
  await expect.poll(() => ofSeat(seat).length, { timeout: 20_000 }).toBeGreaterThan(before);
  expectNoContradiction(ofSeat(seat));
});
