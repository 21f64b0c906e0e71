import { committeeHash } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { applyBlock } from "./apply-block.ts";
import { contributionOf } from "./contribution.ts";
import { isExecutable, nextOwedTime, owedAt } from "./demand.ts";
import { ONE } from "./reputation.ts";
import { State } from "./state.ts";
import { candidacy, standingNetwork, type TestMember, type TestNetwork } from "./testing/index.ts";

const nodesOf = ({ state }: TestNetwork) => state.committee.seats.map(({ node }) => node);

describe("an epoch", () => {
  test("is over the policy's number of heights after the first block that is late enough", () => {
    const network = standingNetwork();
    expect(network.state.epoch).toMatchObject({ number: 0, start: 0, lastHeight: null });
    network.step({ elapsedMs: 59_000, view: 1 });
    expect(network.state.epoch.lastHeight).toBeNull();
    const { block } = network.step({ elapsedMs: 1_000, view: 1 });
    const { lastHeight } = network.state.epoch;
    expect(lastHeight).toBe(block.header.height + 4);
    while (network.header.height < block.header.height + 4)
      network.step({ elapsedMs: nextOwedTime(network.state) - network.header.time });
    expect(network.header).toMatchObject({ epoch: 0, height: lastHeight });
    expect(network.state.epoch).toEqual({
      ...{ number: 1, start: network.header.activeTime, lastHeight: null },
      ...{ protocolVersion: 1, adopted: null },
    });
    expect(network.step({ view: 1 }).block.header.epoch).toBe(1);
  });

  test("names the committee to come from the election on, and its last header names who sits then", () => {
    const network = standingNetwork();
    const before = network.state.committee;
    network.passEpoch();
    const ended = network.blocks.map(({ block }) => block.header);
    const elected = ended.findIndex(({ nextCommitteeHash }) => nextCommitteeHash !== null);
    const next = committeeHash(network.state.committee);
    for (const [i, { nextCommitteeHash, committeeHash: sitting }] of ended.entries()) {
      expect(nextCommitteeHash).toBe(i < elected ? null : next);
      expect(sitting).toBe(committeeHash(before));
    }
    expect(ended.length - elected).toBe(5);
    expect(network.state.committee.epoch).toBe(1);
    expect(network.state.nextCommittee).toBeNull();
    expect(network.state.committeeOf(0)).toEqual(before);
    expect(network.state.committeeOf(2)).toBeUndefined();
  });

  test("is owed its end: at a pace, and not a block sooner, whatever waits", () => {
    const network = standingNetwork();
    network.step({ elapsedMs: 60_000, view: 1 });
    const { state, header } = network;
    expect(nextOwedTime(state)).toBe(header.time + 100);
    expect(owedAt(state, header.time + 99)).toBe(false);
    const [member] = network.members as [TestMember];
    const transaction = network.sign(member, { kind: "delegate", candidate: null });
    const executable = (after: number) =>
      isExecutable(state, transaction, { time: header.time + after });
    expect([executable(99), executable(100)]).toEqual([false, true]);
    const built = network.propose({ elapsedMs: 1 });
    if (!built.ok) throw new Error(built.refusal.reason);
    expect(built.block.header.time).toBe(header.time + 100);
    const hasty = { ...built.block, header: { ...built.block.header, time: header.time + 99 } };
    const leader = network.leaderAt(hasty.header.height).nodeId;
    expect(applyBlock({ state, parent: header, leader }, hasty)).toMatchObject({
      refusal: { code: "TOO_SOON" },
    });
  });

  test("is owed its election as soon as it is due, and no block before", () => {
    const network = standingNetwork({ policy: { heartbeatMs: 30_000, epochMs: 70_000 } });
    while (network.state.head.activeTime < 60_000) network.step({ elapsedMs: 30_000 });
    const { head } = network.state;
    expect(nextOwedTime(network.state)).toBe(head.time + 70_000 - head.activeTime);
  });

  test("passes again and again, over restarts from the store", () => {
    const network = standingNetwork();
    for (let epoch = 1; epoch <= 5; epoch++) {
      network.passEpoch();
      expect(network.state.epoch.number).toBe(epoch);
      const again = State.fromLeaves(network.state.leaves());
      expect(again.root()).toBe(network.state.root());
      expect(again.committee).toEqual(network.state.committee);
    }
    expect(network.handOvers.map(({ committee }) => committee.epoch)).toEqual([1, 2, 3, 4, 5]);
  });

  test("leaves who keeps a seat the height that it last proposed, so that no draw waits longer", () => {
    const network = standingNetwork();
    network.passEpoch();
    const { head, committee } = network.state;
    const proposers = network.blocks.map(({ block }) => block.header);
    expect(committee.seats.map(({ node }) => node).sort()).toEqual(
      network.members
        .slice(0, 4)
        .map(({ nodeId }) => nodeId)
        .sort(),
    );
    for (const [seat, { node }] of committee.seats.entries())
      expect(head.lastProposed[seat]).toBe(
        proposers.findLast(({ proposer }) => proposer === node)?.height,
      );
  });

  test("gives a block that names another committee to come no chance", () => {
    const network = standingNetwork();
    const wrong = (elapsedMs: number) => {
      const built = network.propose({ elapsedMs, view: 1 });
      if (!built.ok) throw new Error(built.refusal.reason);
      const nextCommitteeHash =
        built.block.header.nextCommitteeHash === null ? network.header.committeeHash : null;
      return network.check({
        ...built.block,
        header: { ...built.block.header, nextCommitteeHash },
      });
    };
    expect(wrong(10)).toMatchObject({ refusal: { code: "WRONG_COMMITTEE" } });
    expect(wrong(60_000)).toMatchObject({ refusal: { code: "WRONG_COMMITTEE" } });
  });
});

describe("a committee", () => {
  test("changes by a third at most, and goes through all who may sit", () => {
    const network = standingNetwork({ members: 9, seats: 7, policy: { committeeSeats: 7 } });
    const seen = new Set(nodesOf(network));
    for (let epoch = 0; epoch < 6; epoch++) {
      const before = nodesOf(network);
      network.passEpoch();
      const now = nodesOf(network);
      expect(now).toHaveLength(7);
      expect(new Set(now).size).toBe(7);
      expect(now.filter((node) => !before.includes(node)).length).toBeLessThanOrEqual(2);
      for (const node of now) seen.add(node);
    }
    expect(seen.size).toBe(9);
  });

  test("grows to the seats that the network has, a third at a time", () => {
    const network = standingNetwork({ members: 9, seats: 4, policy: { committeeSeats: 9 } });
    // A beacon key that was registered in epoch 0 counts from epoch 2 on.
    const sizes = Array.from({ length: 6 }, () => {
      network.passEpoch();
      return nodesOf(network).length;
    });
    expect(sizes).toEqual([4, 5, 6, 7, 9, 9]);
  });

  test("shrinks with those who may sit, never below four, and stays when they are fewer", () => {
    const network = standingNetwork({ members: 7, seats: 7, policy: { leaseMs: 100_000 } });
    const faithful = network.members.slice(0, 4);
    const sizes: number[] = [];
    for (let epoch = 0; epoch < 5; epoch++) {
      for (const member of faithful) network.put(candidacy(network, member));
      network.passEpoch();
      sizes.push(nodesOf(network).length);
    }
    expect(sizes).toEqual([5, 4, 4, 4, 4]);
    expect(nodesOf(network).sort()).toEqual(faithful.map(({ nodeId }) => nodeId).sort());
    const { seats } = network.state.committee;
    for (let epoch = 0; epoch < 3; epoch++) network.passEpoch();
    expect(network.state.committee.seats).toEqual(seats);
  });
});

test("another decay changes nothing of what has faded before it was adopted", () => {
  const network = standingNetwork({ members: 5, policy: { contributionKept: ONE / 2 } });
  const [first] = network.members as [TestMember];
  const settledOf = () => contributionOf(network.state, first.nodeId).settled;
  const before = settledOf();
  while (network.state.epoch.number < 3) network.passEpoch();
  expect(settledOf()).toBe(before / 8n);
  const policy = { ...network.state.policy, contributionKept: ONE };
  for (const { node } of network.state.committee.seats)
    if (network.state.epoch.adopted === null) {
      const proposal = { policy, protocolVersion: 1 };
      network.send(network.memberOf(node), { kind: "govern", proposal });
      network.step();
    }
  network.passEpoch();
  expect(network.state.policy.contributionKept).toBe(ONE);
  expect(settledOf()).toBe(before / 16n);
  network.passEpoch();
  expect(settledOf()).toBe(before / 16n);
});
