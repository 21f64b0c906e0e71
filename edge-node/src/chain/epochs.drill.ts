import { join } from "node:path";
import { contradict, defaultSettings, type Settings } from "@meshwork/consensus";
import type { BlockHash, NodeId, PublicKey } from "@meshwork/foundation";
import type { TestMember } from "@meshwork/ledger/testing";
import {
  committeeHash,
  consensusMessageWire,
  headerHash,
  signBallot,
  streamNames,
  type Vote,
  verifyCertificate,
  voteKeysOf,
} from "@meshwork/protocol";
import { afterEach, expect, test } from "vitest";
import type { LedgerNode } from "./ledger-node.ts";
import { LedgerWorld } from "./testing/ledger-world.ts";
import { openVoteFolder } from "./voting/vote-folder.ts";
import type { VoteKey } from "./voting/vote-key.ts";

/** Seven nodes of which four have seats; an epoch lasts a second and a half. */
const settings: Settings = { ...defaultSettings, baseTimeoutMs: 400, graceMs: 50, tickMs: 50 };
const policy = {
  epochMs: 1_500,
  handOverBlocks: 3,
  handOverMs: 150,
  committeeSeats: 4,
  heartbeatMs: 1_000,
} as const;

let world: LedgerWorld;
let votes: Vote[];
afterEach(async () => {
  await world.end();
  expect(world.fatal).toEqual([]);
});

async function createWorld(): Promise<void> {
  world = await LedgerWorld.create({ members: 7, settings, policy, everybodyStands: true });
  votes = [];
  world.network.onFrame = (_from, protocol, frame) => {
    if (protocol !== streamNames.consensus) return;
    const message = consensusMessageWire.decode(frame);
    if (message.kind === "vote" || message.kind === "proposal") votes.push(message.vote);
  };
}

const epochOf = (node: LedgerNode) => node.chain.head.state.epoch.number;
const membersOf = (node: LedgerNode) =>
  node.chain.head.state.committee.seats.map(({ node: id }) => id);
const until = (holds: () => boolean, timeout = 40_000) =>
  expect.poll(holds, { timeout, interval: 20 }).toBe(true);

async function agree(nodes: readonly LedgerNode[]): Promise<void> {
  const height = Math.max(...nodes.map((node) => node.chain.head.height));
  await Promise.all(nodes.map((node) => node.chain.waitFor(height, AbortSignal.timeout(20_000))));
  const roots = nodes.map(
    async (node) => (await node.chain.blockAt(height))?.block.header.stateRoot,
  );
  expect(new Set(await Promise.all(roots)).size).toBe(1);
}

function expectNoCrime(): void {
  const places = new Map<string, Vote[]>();
  for (const vote of votes) {
    const place = `${vote.ballot.epoch} ${vote.seat} ${vote.ballot.height} ${vote.ballot.view}`;
    const earlier = places.get(place) ?? [];
    expect(earlier.filter((other) => contradict(other, vote))).toEqual([]);
    places.set(place, [...earlier, vote]);
  }
}

/** From the genesis's committee to the sitting one, as a stranger would check it. */
async function expectHandOversProve(node: LedgerNode): Promise<void> {
  const { state } = node.chain.head;
  const handOvers = await node.chain.handOvers(0);
  expect(handOvers.map(({ header }) => header.epoch)).toEqual(
    Array.from({ length: state.epoch.number }, (_, i) => i),
  );
  let keys = world.genesis.members.flatMap(({ vote }) => (vote ? [vote.voteKey] : []));
  for (const { header, certificate, committee } of handOvers) {
    expect(certificate.ballot).toMatchObject({ kind: "F", blockHash: headerHash(header) });
    expect(verifyCertificate(node.chain.chainId, keys, certificate)).toBe(true);
    expect(header.nextCommitteeHash).toBe(committeeHash(committee));
    keys = voteKeysOf(committee);
  }
  expect(keys).toEqual(voteKeysOf(state.committee));
  expect(await node.chain.handOvers(state.epoch.number)).toEqual([]);
}

test("committees follow each other, whoever is elected votes with the key that he registered, and all goes on", async () => {
  await createWorld();
  const nodes = await world.startAll(world.members);
  const [first] = nodes as [LedgerNode];
  const seen = new Set<NodeId>(membersOf(first));
  const keys = new Set<string>();
  first.chain.onCommit(({ state }) => {
    for (const seat of state.committee.seats) {
      seen.add(seat.node);
      keys.add(seat.voteKey);
    }
  });
  for (let epoch = 1; epoch <= 4; epoch++) {
    await until(() => nodes.every((node) => epochOf(node) >= epoch));
    const from = nodes[epoch % nodes.length] as LedgerNode;
    expect(await from.mempool.submit(world.registration())).toMatchObject({ kind: "included" });
  }
  await agree(nodes);
  expectNoCrime();
  // Others than the genesis's four have voted, and members with other keys than their first.
  expect(seen.size).toBeGreaterThan(4);
  expect(keys.size).toBeGreaterThan(seen.size);
  const proposers = new Set<NodeId>();
  for (let height = 1; height <= first.chain.head.height; height++)
    proposers.add((await first.chain.blockAt(height))?.block.header.proposer as NodeId);
  expect(proposers.size).toBeGreaterThan(4);
  await expectHandOversProve(first);
}, 60_000);

test("a seat that stops between the election and the hand-over, and one that was away for two epochs, come back", async () => {
  await createWorld();
  const nodes = await world.startAll(world.members);
  const [first, ...others] = nodes as [LedgerNode, ...LedgerNode[]];
  await until(() => epochOf(first) >= 1);
  const away = memberNamed(first, 0);
  await world.stop(away);
  const rest = others.concat(first).filter((node) => [...world.nodes.values()].includes(node));
  const observer = rest[0] as LedgerNode;
  // In the middle of a hand-over another seat's process ends, and starts again.
  await until(() => observer.chain.head.state.nextCommittee !== null);
  const crashed = world.members.find(
    (member) =>
      member !== away &&
      world.nodes.get(member.name) !== observer &&
      membersOf(observer).includes(member.nodeId),
  ) as TestMember;
  await world.stop(crashed);
  await world.start(crashed);
  await until(() => epochOf(observer) >= 3);
  const back = await world.start(away);
  await until(() => epochOf(back) >= epochOf(observer));
  await until(() => epochOf(back) >= 4);
  const alive = [...world.nodes.values()];
  expect(alive).toHaveLength(7);
  expect(await back.mempool.submit(world.registration())).toMatchObject({ kind: "included" });
  await agree(alive);
  await expectHandOversProve(back);
  expectNoCrime();
}, 90_000);

const memberNamed = (node: LedgerNode, seat: number): TestMember =>
  world.members.find(({ nodeId }) => nodeId === membersOf(node)[seat]) as TestMember;

test("a seat that signs twice is convicted on every node's ledger from two messages, and loses seat and key", async () => {
  await createWorld();
  const nodes = await world.startAll(world.members);
  const [first] = nodes as [LedgerNode];
  // All stand for a seat by now, and no election is under way.
  await until(() => epochOf(first) >= 1 && first.chain.head.state.nextCommittee === null);
  const { committee } = first.chain.head.state;
  const seat = committee.seats.findIndex(({ node }) => node !== world.members[0]?.nodeId);
  const villain = world.members.find(
    ({ nodeId }) => nodeId === committee.seats[seat]?.node,
  ) as TestMember;
  const { keys, log } = await openVoteFolder(join(world.folder, villain.name, "vote"));
  await log.close();
  const key = keys.of(committee.seats[seat]?.voteKey as PublicKey) as VoteKey;
  const channel = await world.network
    .channels(villain.nodeId)
    .open(world.members[0]?.nodeId as NodeId, streamNames.consensus);
  const isConvicted = (node: LedgerNode) => node.chain.head.state.isBlacklisted(villain.nodeId);
  // Two votes for the height that is being decided now; to one node alone, until it was in time.
  while (!isConvicted(first)) {
    const { head } = first.chain;
    for (const hash of ["ab", "cd"])
      channel.trySend(
        consensusMessageWire.encode({
          kind: "vote",
          vote: signBallot(key.keyPair, first.chain.chainId, seat, {
            ...{ kind: "N", epoch: committee.epoch, height: head.height + 1, view: 40 },
            blockHash: hash.repeat(32) as BlockHash,
          }),
        }),
      );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await until(() => nodes.every(isConvicted));
  const { epoch, nextCommittee } = first.chain.head.state;
  // Whom an election took before that keeps a seat for one epoch more.
  const last = epoch.number + (nextCommittee === null ? 0 : 1);
  await until(() => nodes.every((node) => epochOf(node) > last));
  for (const node of nodes) expect(membersOf(node)).not.toContain(villain.nodeId);
  expect(first.chain.head.state.node(villain.nodeId)?.lease?.vote ?? null).toBeNull();
  // Its own node has erased the key.
  const { keys: left, log: again } = await openVoteFolder(join(world.folder, villain.name, "vote"));
  await again.close();
  expect(left.of(key.public.voteKey)).toBeUndefined();
}, 60_000);
