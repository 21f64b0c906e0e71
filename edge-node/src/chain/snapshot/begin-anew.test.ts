import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { defaultSettings, type Settings } from "@meshwork/consensus";
import { type Digest, fromHex, systemClock, systemRandom, toHex } from "@meshwork/foundation";
import { recoveryKeyOf, type TestMember } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import {
  chainIdOf,
  type SuccessorBody,
  type SuccessorGenesis,
  signSuccessor,
  stateKey,
} from "@meshwork/protocol";
import { verifyState } from "@meshwork/verify";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LedgerNode } from "../ledger-node.ts";
import { openChain } from "../store/chain.ts";
import { LedgerWorld } from "../testing/ledger-world.ts";
import { createVoteFolder } from "../voting/vote-folder.ts";
import { backUpNode } from "./back-up-node.ts";
import { beginAnew, goesOn } from "./begin-anew.ts";
import { findSnapshot } from "./list-snapshots.ts";
import { restoreSnapshot } from "./restore-snapshot.ts";
import { MemorySnapshotStore } from "./testing/memory-store.ts";
import { viewSnapshot } from "./view-ledger.ts";

const settings: Settings = { ...defaultSettings, baseTimeoutMs: 400, graceMs: 50, tickMs: 50 };

let world: LedgerWorld;
let store: MemorySnapshotStore;
beforeEach(async () => {
  world = await LedgerWorld.create({ settings, members: 4, everybodyStands: true });
  store = new MemorySnapshotStore();
});
afterEach(() => world.end());

const folderOf = ({ name }: TestMember) => join(world.folder, name);
const accountsOf = ({ chain }: LedgerNode) => [...chain.head.state.all("account")];

async function include(node: LedgerNode, count: number): Promise<void> {
  for (let i = 0; i < count; i++)
    expect(await node.mempool.submit(world.registration())).toMatchObject({ kind: "included" });
}

/** A network that ran, of which a snapshot was taken, and that then lost the vote folders of three seats. */
async function lost() {
  const [node] = await world.startAll(world.members);
  if (!node) throw new Error("no node");
  await include(node, 5);
  const last = world.members[3] as TestMember;
  for (const member of world.members) await world.stop(member);
  await backUpNode(store, { folder: folderOf(last), genesis: world.genesis });
  for (const { name } of world.members.slice(1))
    await rm(join(world.folder, name, "vote"), { recursive: true });
  return viewSnapshot(await findSnapshot(store), store, { genesis: world.genesis });
}

/** What the founders sign: all seats make their vote keys anew. */
async function succession({
  head,
  root,
  epoch,
}: {
  head: SuccessorHead;
  root: Digest;
  epoch: number;
}) {
  const seats = [];
  for (const member of world.members) {
    await rm(join(folderOf(member), "vote"), { recursive: true, force: true });
    const { voteKey, vrfKey } = await createVoteFolder(join(folderOf(member), "vote"));
    seats.push({ node: member.nodeId, voteKey, vrfKey });
  }
  const body: SuccessorBody = {
    version: 1,
    nonce: toHex(systemRandom.bytes(32)) as Digest,
    parentChainId: head.chainId,
    height: head.height,
    stateRoot: root,
    time: systemClock.now() - 1_000,
    committee: { epoch: epoch + 1, seats, leaders: [0, 1, 2, 3] },
  };
  const signed = (by: readonly TestMember[]): SuccessorGenesis => ({
    body,
    signatures: by.map((member) => signSuccessor(recoveryKeyOf(member, 0), body)),
  });
  return { signed };
}
type SuccessorHead = Pick<SuccessorBody, "height"> & { chainId: SuccessorBody["parentChainId"] };

test("a network that lost three of four seats goes on from a snapshot, with all that everybody had", async () => {
  const { state } = await lost();
  const { head, epoch } = state;
  const { signed } = await succession({ head, root: state.root(), epoch: epoch.number });
  const founders = world.genesis;
  const [first] = world.members as [TestMember];
  const founding = { founders, state, successor: signed(world.members.slice(0, 3)) };

  const tooFew = { ...founding, successor: signed(world.members.slice(0, 2)) };
  await expect(beginAnew(folderOf(first), tooFew)).rejects.toMatchObject({
    code: "FOUNDING_UNWANTED",
  });
  expect(existsSync(join(folderOf(first), "chain"))).toBe(true);

  // One machine lost everything, and has nothing to keep.
  await rm(join(folderOf(first), "chain"), { recursive: true });
  for (const member of world.members) {
    const kept = await beginAnew(folderOf(member), founding);
    expect(kept !== null && existsSync(kept)).toBe(member !== first);
    await expect(beginAnew(folderOf(member), founding)).rejects.toMatchObject({
      code: "RESTORE_NOT_EMPTY",
    });
  }
  world.genesis = goesOn(founding);
  expect(chainIdOf(world.genesis)).not.toBe(chainIdOf(founders));

  const [node] = await world.startAll(world.members);
  if (!node) throw new Error("no node");
  expect(node.chain.head).toMatchObject({ height: head.height, certificate: null });
  expect(accountsOf(node)).toEqual([...state.all("account")]);
  await include(node, 3);
  expect(accountsOf(node)).toHaveLength([...state.all("account")].length + 3);
  for (const before of state.all("account"))
    expect(node.chain.head.state.account(before.nodeId)).toEqual(before);

  await expectProvable(node, first);
  await expectSnapshot(await restarted(first));
  expect(world.fatal).toEqual([]);
});

/** Who has the new genesis alone can check what the new network says. */
async function expectProvable({ chain }: LedgerNode, { nodeId: id }: TestMember): Promise<void> {
  const { state, header, certificate } = chain.head;
  if (certificate === null) throw new Error("no block was made");
  const value = state.leaf(stateKey("account", id)).value?.subarray(1) ?? null;
  const path = state.prove("account", id);
  const claim = {
    ...({ version: 1, kind: "account", id, value, path } as const),
    ...{ header, certificate, handOver: [] },
  };
  const believed = { genesis: world.genesis, now: systemClock.now() };
  expect(verifyState(claim, believed)).toMatchObject({ ok: true });
  const founders = { ...world.genesis, successors: [] };
  expect(verifyState(claim, { ...believed, genesis: founders })).toMatchObject({ ok: false });
}

async function restarted(member: TestMember): Promise<LedgerNode> {
  await world.stop(member);
  const again = await world.start(member);
  await include(again, 1);
  return again;
}

/** A backup of the new network begins a newcomer's chain, as ever. */
async function expectSnapshot(node: LedgerNode): Promise<void> {
  const last = world.members[3] as TestMember;
  await include(node, 1);
  await world.stop(last);
  const { genesis } = world;
  const fresh = new MemorySnapshotStore();
  await backUpNode(fresh, { folder: folderOf(last), genesis });
  const folder = join(world.folder, "newcomer");
  await restoreSnapshot(await findSnapshot(fresh), fresh, { genesis, folder });
  const chain = await openChain({ folder: join(folder, "chain"), genesis, log: silentLog });
  expect(chain.head.certificate?.ballot.epoch).toBe(1);
  await chain.close();
}

test("a genesis that goes on cannot be begun from nothing, and its links must hold", async () => {
  const { state } = await lost();
  const { head, epoch } = state;
  const { signed } = await succession({ head, root: state.root(), epoch: epoch.number });
  const genesis = goesOn({ founders: world.genesis, successor: signed(world.members) });
  const folder = join(world.folder, "empty");
  await expect(openChain({ folder, genesis, log: silentLog })).rejects.toMatchObject({
    code: "GENESIS_GOES_ON",
  });
  const other = { ...genesis, name: "another" };
  expect(() => chainIdOf(other)).toThrow(/goes on from/);
  expect(fromHex(chainIdOf(genesis))).toHaveLength(32);
});
