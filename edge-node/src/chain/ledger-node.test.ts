import { contradict, defaultSettings, type Settings } from "@meshwork/consensus";
import type { NodeId } from "@meshwork/foundation";
import type { TestMember } from "@meshwork/ledger/testing";
import { consensusMessageWire, streamNames, type Vote } from "@meshwork/protocol";
import { afterEach, describe, expect, test } from "vitest";
import type { LedgerNode } from "./ledger-node.ts";
import { LedgerWorld } from "./testing/ledger-world.ts";

/** The machine that runs the tests may be slow; a stopped leader must not cost a second each. */
const settings: Settings = { ...defaultSettings, baseTimeoutMs: 400, graceMs: 50, tickMs: 50 };

let world: LedgerWorld;
afterEach(async () => {
  await world.end();
  expect(world.fatal).toEqual([]);
});

/** Every vote that any seat has sent, over restarts too. */
function watchVotes(): Vote[] {
  const votes: Vote[] = [];
  world.network.onFrame = (_from, protocol, frame) => {
    if (protocol !== streamNames.consensus) return;
    const message = consensusMessageWire.decode(frame);
    if (message.kind === "vote" || message.kind === "proposal") votes.push(message.vote);
  };
  return votes;
}

const signal = () => AbortSignal.timeout(25_000);
const heightOf = (node: LedgerNode) => node.chain.head.height;

async function include(node: LedgerNode, count = 1): Promise<void> {
  for (let i = 0; i < count; i++)
    expect(await node.mempool.submit(world.registration())).toMatchObject({ kind: "included" });
}

async function agree(nodes: readonly LedgerNode[]): Promise<void> {
  const height = Math.max(...nodes.map(heightOf));
  await Promise.all(nodes.map((node) => node.chain.waitFor(height, signal())));
  const hashes = await Promise.all(
    nodes.map(async (node) => (await node.chain.blockAt(height))?.block.header.stateRoot),
  );
  expect(new Set(hashes).size).toBe(1);
}

async function start(members: readonly TestMember[]): Promise<[LedgerNode, ...LedgerNode[]]> {
  const [first, ...rest] = await world.startAll(members);
  if (!first) throw new Error("no member was given");
  return [first, ...rest];
}

describe("four validators", () => {
  test("make final what is handed in anywhere, and a follower sees it", async () => {
    world = await LedgerWorld.create({ settings });
    const nodes = await start(world.members);
    for (const node of nodes) await include(node, 2);
    await agree(nodes);
    expect(heightOf(nodes[0])).toBeGreaterThanOrEqual(1);
  });

  test("put many transactions that wait together into few blocks", async () => {
    world = await LedgerWorld.create({ settings });
    const nodes = await start(world.validators);
    const transactions = Array.from({ length: 60 }, () => world.registration());
    const outcomes = await Promise.all(
      transactions.map((transaction, i) => nodes[i % 4]?.mempool.submit(transaction)),
    );
    expect(outcomes.every((outcome) => outcome?.kind === "included")).toBe(true);
    expect(heightOf(nodes[0])).toBeLessThan(30);
  });

  test("include what a stranger could bring to one of them only", async () => {
    world = await LedgerWorld.create({ settings });
    const nodes = await start(world.validators);
    for (const node of nodes) {
      const transaction = world.registration();
      node.mempool.receive("S".repeat(44) as NodeId, [transaction]);
      const isThere = () =>
        node.chain.head.state.account(transaction.unsigned.sender) !== undefined;
      await expect.poll(isThere, { timeout: 20_000 }).toBe(true);
    }
  });

  test("say nothing but where they are while there is nothing to decide", async () => {
    world = await LedgerWorld.create({ settings: { ...settings, idleStatusMs: 100 } });
    const nodes = await start(world.validators);
    await include(nodes[0]);
    await agree(nodes);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const kinds = new Map<string, number>();
    world.network.onFrame = (_from, protocol, frame) => {
      if (protocol !== streamNames.consensus) return;
      const { kind } = consensusMessageWire.decode(frame);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    };
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect([...kinds.keys()]).toEqual(["status"]);
    // Four nodes tell three others ten times a second at most.
    expect(kinds.get("status")).toBeLessThanOrEqual(4 * 3 * 11);
    expect(new Set(nodes.map(heightOf)).size).toBe(1);
  });

  test("go on without one of them, and it catches up when it is back", async () => {
    world = await LedgerWorld.create({ settings });
    const votes = watchVotes();
    const [first, ...rest] = await start(world.validators);
    const [, , , last] = world.validators as [TestMember, TestMember, TestMember, TestMember];
    await include(first, 2);
    await world.stop(last);
    await include(first, 6);
    await agree([first, ...rest.slice(0, 2)]);
    const back = await world.start(last);
    await agree([first, ...rest.slice(0, 2), back]);
    await include(back);
    expectNoCrime(votes);
  });

  test("all stopped in the middle of their work and started again, contradict nothing that they sent", async () => {
    world = await LedgerWorld.create({ settings });
    const votes = watchVotes();
    let height = 0;
    for (let round = 0; round < 4; round++) {
      const nodes = await start(world.validators);
      await Promise.all(nodes.map((node) => node.chain.waitFor(height, signal())));
      expect(Math.min(...nodes.map(heightOf))).toBeGreaterThanOrEqual(height);
      const load = nodes.map((node) => node.mempool.submit(world.registration()));
      await Promise.race(load);
      for (const node of nodes) void node.mempool.submit(world.registration());
      height = Math.min(...nodes.map(heightOf));
      await Promise.all(world.validators.map((member) => world.stop(member)));
    }
    const nodes = await start(world.validators);
    await include(nodes[0]);
    await agree(nodes);
    expect(heightOf(nodes[0])).toBeGreaterThan(height);
    expectNoCrime(votes);
  });

  test("survive that any two are cut off, and are one chain again when the network is mended", async () => {
    world = await LedgerWorld.create({ settings });
    const votes = watchVotes();
    const nodes = await start(world.validators);
    const [a, b] = world.validators as [TestMember, TestMember];
    await include(nodes[0]);
    await agree(nodes);
    world.network.cut(a.nodeId);
    world.network.cut(b.nodeId);
    const before = heightOf(nodes[3] as LedgerNode);
    const outcome = (nodes[3] as LedgerNode).mempool.submit(world.registration());
    await new Promise((resolve) => setTimeout(resolve, 600));
    // Two of four are no quorum.
    expect(heightOf(nodes[3] as LedgerNode)).toBe(before);
    world.network.mend(a.nodeId);
    world.network.mend(b.nodeId);
    expect(await outcome).toMatchObject({ kind: "included" });
    await agree(nodes);
    expectNoCrime(votes);
  });
});

function expectNoCrime(votes: readonly Vote[]): void {
  expect(votes.length).toBeGreaterThan(10);
  const places = new Map<string, Vote[]>();
  for (const vote of votes) {
    const { height, view } = vote.ballot;
    const place = `${vote.seat} ${height} ${view}`;
    const earlier = places.get(place) ?? [];
    expect(earlier.filter((other) => contradict(other, vote))).toEqual([]);
    places.set(place, [...earlier, vote]);
  }
}
