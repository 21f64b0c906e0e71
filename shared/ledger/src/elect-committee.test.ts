import type { Digest, Key25519, NodeId } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { electCommittee } from "./elect-committee.ts";
import type { NodeState } from "./records.ts";
import { ONE } from "./reputation.ts";
import type { State } from "./state.ts";
import { seededDigest, standingNetwork, type TestMember } from "./testing/index.ts";

/** In epoch 2 all members of the genesis may stand with the keys that they registered in epoch 0. */
function inEpoch2(options: Parameters<typeof standingNetwork>[0] = {}) {
  const network = standingNetwork({ members: 9, ...options });
  while (network.state.epoch.number < 2) network.passEpoch();
  return network;
}

const elected = (state: State, name: string): NodeId[] =>
  electCommittee(state, {
    beacon: seededDigest(name) as Digest,
    activeTime: state.head.activeTime,
  }).seats.map(({ node }) => node);

const change = (state: State, member: TestMember, by: (node: NodeState) => NodeState): State =>
  state.with("node", by(state.node(member.nodeId) as NodeState));

const names = Array.from({ length: 40 }, (_, i) => `beacon ${i}`);

/** Whether it ever comes in, over many beacons. */
const everElected = (state: State, { nodeId }: TestMember) =>
  names.some((name) => elected(state, name).includes(nodeId));

describe("an election", () => {
  const network = inEpoch2();
  const { state } = network;
  const sitting = state.committee.seats.map(({ node }) => node);
  const outside = network.members.filter(({ nodeId }) => !sitting.includes(nodeId));
  const [newcomer] = outside as [TestMember];

  test("takes who may stand", () => {
    expect(outside.every((member) => everElected(state, member))).toBe(true);
  });

  const unfit: [string, (node: NodeState) => NodeState][] = [
    ["whose lease is over", (node) => lease(node, { until: state.head.activeTime })],
    ["who has shown no block", (node) => lease(node, { renewedAt: null })],
    ["who registered no vote key", (node) => lease(node, { vote: null })],
    ["whose beacon key is too new", (node) => lease(node, { vote: voteFrom(node, 4) })],
    ["who is on probation", (node) => ({ ...node, clean: 0 })],
    ["who is below the floor", (node) => ({ ...node, successes: 0, failures: 100 * ONE })],
    ["who is suspended", (node) => ({ ...node, suspendedUntil: state.head.activeTime + 1 })],
  ];
  test.each(unfit)("never takes one %s", (_, by) => {
    expect(everElected(change(state, newcomer, by), newcomer)).toBe(false);
  });

  test("never takes one who has contributed nothing, or whose identity is barred", () => {
    const known = state.get("contribution", newcomer.nodeId);
    if (!known) throw new Error("no contribution");
    const without = state.with("contribution", { ...known, settled: 0n, fresh: 0n });
    expect(everElected(without, newcomer)).toBe(false);
    const account = state.account(newcomer.nodeId);
    if (!account) throw new Error("no account");
    const barred = state.with("account", { ...account, barred: "revoked" });
    expect(everElected(barred, newcomer)).toBe(false);
  });

  test("never takes one who began too late, where the network asks for age", () => {
    const aged = state.with("policy", { ...state.policy, seatAgeEpochs: 2 });
    expect(everElected(aged, newcomer)).toBe(true);
    const known = state.get("contribution", newcomer.nodeId);
    if (!known) throw new Error("no contribution");
    expect(everElected(aged.with("contribution", { ...known, since: 1 }), newcomer)).toBe(false);
    // Nobody is older than the network.
    const strict = state.with("policy", { ...state.policy, seatAgeEpochs: 99 });
    expect(everElected(strict, newcomer)).toBe(true);
  });

  test("lets a sitting seat go that was convicted before any other", () => {
    const lapsed = network.members.filter(({ nodeId }) => sitting.slice(0, 3).includes(nodeId));
    let worse = state;
    for (const member of lapsed)
      worse = change(worse, member, (node) => lease(node, { until: state.head.activeTime }));
    const convicted = sitting[1] as NodeId;
    const account = worse.account(convicted);
    if (!account) throw new Error("no account");
    worse = worse.with("account", { ...account, barred: "equivocated" });
    for (const name of names) expect(elected(worse, name)).not.toContain(convicted);
  });

  test("comes out the same for all others when one who was not elected withdraws", () => {
    for (const name of names.slice(0, 10)) {
      const all = elected(state, name);
      const idle = outside.filter(({ nodeId }) => !all.includes(nodeId));
      const without = idle
        .slice(0, 2)
        .reduce((now, one) => change(now, one, (node) => lease(node, { vote: null })), state);
      expect(elected(without, name)).toEqual(all);
    }
  });

  test("gives the sitting their seats with the keys that they registered meanwhile", () => {
    const [seat] = state.committee.seats;
    const member = network.memberOf(seat?.node as NodeId);
    const voteKey = network.requester.keyPair.publicKey;
    const rekeyed = change(state, member, (node) =>
      lease(node, { vote: node.lease?.vote ? { ...node.lease.vote, voteKey } : null }),
    );
    const results = names.map((name) =>
      electCommittee(rekeyed, { beacon: seededDigest(name), activeTime: state.head.activeTime }),
    );
    const kept = results.flatMap(({ seats }) => seats.filter(({ node }) => node === seat?.node));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every((one) => one.voteKey === voteKey)).toBe(true);
    expect(state.committee.seats[0]?.voteKey).not.toBe(voteKey);
  });
});

test("the chance to be seated is linear in weight", () => {
  const { state, members } = inEpoch2({ members: 5 });
  const sitting = state.committee.seats.map(({ node }) => node);
  const outsider = members.find(({ nodeId }) => !sitting.includes(nodeId)) as TestMember;
  const shares = [1n, 16n].map((times) => {
    const known = state.get("contribution", outsider.nodeId);
    if (!known) throw new Error("no contribution");
    const heavier = state.with("contribution", { ...known, settled: known.settled * times });
    const many = Array.from({ length: 300 }, (_, i) => `${times} ${i}`);
    // Out of five, four sit: it stays outside when it is drawn last.
    return many.filter((name) => elected(heavier, name).includes(outsider.nodeId)).length / 300;
  });
  expect(shares[0]).toBeGreaterThan(0.72);
  expect(shares[0]).toBeLessThan(0.88);
  // To be drawn last against four others it takes 4/20 · 3/19 · 2/18 · 1/17 of chance.
  expect(shares[1]).toBeGreaterThan(0.98);
});

test("an operator has one seat while others are to be had, and more when there are none", () => {
  const { state, members } = inEpoch2();
  const [boss] = members as [TestMember];
  const owned = (count: number) =>
    members
      .slice(0, count)
      .reduce(
        (now, member) => change(now, member, (node) => ({ ...node, operator: boss.nodeId })),
        state,
      );
  const seatsOf = (owner: State, sitting: readonly NodeId[]) =>
    sitting.filter((node) => owner.node(node)?.operator === boss.nodeId).length;
  const afterMany = (owner: State) => {
    let now = owner;
    for (const name of names.slice(0, 12)) {
      const seats = electCommittee(now, {
        beacon: seededDigest(name),
        activeTime: now.head.activeTime,
      });
      now = now.with("committee", { ...seats, epoch: now.epoch.number });
    }
    return seatsOf(
      owner,
      now.committee.seats.map(({ node }) => node),
    );
  };
  expect(afterMany(owned(6))).toBe(1);
  expect(afterMany(owned(8))).toBe(3);
});

test("an operator whose seat stays gets no second one beside it", () => {
  const { state, members } = inEpoch2();
  const sitting = state.committee.seats.map(({ node }) => node);
  const seated = members.filter(({ nodeId }) => sitting.includes(nodeId));
  const outside = members.filter(({ nodeId }) => !sitting.includes(nodeId));
  const [boss] = seated as [TestMember];
  const owned = [boss, ...outside.slice(0, 3)].reduce(
    (now, member) => change(now, member, (node) => ({ ...node, operator: boss.nodeId })),
    state,
  );
  const counts = Array.from({ length: 200 }, (_, i) =>
    elected(owned, `second ${i}`).filter((node) => owned.node(node)?.operator === boss.nodeId),
  );
  expect(Math.max(...counts.map(({ length }) => length))).toBe(1);
});

describe("when the network wants another number of seats", () => {
  const { state, members } = inEpoch2({ members: 40 });
  const wanting = (now: State, committeeSeats: number) =>
    now.with("policy", { ...now.policy, committeeSeats });
  const seated = (now: State) => now.committee.seats.map(({ node }) => node);

  /** Elections until the committee has so many seats; `look` sees each. */
  function reach(
    from: State,
    seats: number,
    look: (before: NodeId[], after: NodeId[]) => void,
  ): { state: State; elections: number } {
    let now = wanting(from, seats);
    for (let elections = 0; elections < 60; elections++) {
      const before = seated(now);
      if (before.length === seats) return { state: now, elections };
      const beacon = seededDigest(`${seats} seats, ${elections}`);
      const next = electCommittee(now, { beacon, activeTime: now.head.activeTime });
      now = now.with("committee", { ...next, epoch: now.epoch.number });
      look(before, seated(now));
    }
    throw new Error(`${seated(now).length} sit after 60 elections`);
  }

  function expectContinuity(before: NodeId[], after: NodeId[]): void {
    const kept = after.filter((node) => before.includes(node)).length;
    expect(3 * kept).toBeGreaterThan(2 * before.length);
    expect(3 * kept).toBeGreaterThan(2 * after.length);
  }

  // By a third less one at a time: 4, 5, 6, 7, 9, 11, 14, 18, 23, 30, 31.
  test.each([
    [7, 3],
    [16, 7],
    [31, 10],
  ])("it grows to %i in %i elections, and nobody leaves who may stand", (seats, wanted) => {
    const { elections } = reach(state, seats, (before, after) => {
      expect(before.filter((node) => !after.includes(node))).toEqual([]);
      expectContinuity(before, after);
    });
    expect(elections).toBe(wanted);
  });

  test("who cannot stand any more leaves a committee that grows, and it grows still", () => {
    const [gone] = seated(state);
    const member = members.find(({ nodeId }) => nodeId === gone) as TestMember;
    const lapsed = change(state, member, (node) => lease(node, { vote: null }));
    const { state: grown, elections } = reach(lapsed, 16, expectContinuity);
    expect(seated(grown)).not.toContain(gone);
    expect(elections).toBeLessThanOrEqual(9);
  });

  test("it shrinks a third at a time, and is changed by the sample again", () => {
    const { state: large } = reach(state, 31, () => {});
    const { state: small, elections } = reach(large, 7, expectContinuity);
    expect(elections).toBeLessThanOrEqual(6);
    const orders = names.map((name) => elected(small, name).toSorted().join());
    expect(new Set(orders).size).toBeGreaterThan(10);
  });
});

function lease(node: NodeState, by: Partial<NonNullable<NodeState["lease"]>>): NodeState {
  if (node.lease === null) throw new Error("no lease");
  return { ...node, lease: { ...node.lease, ...by } };
}

const voteFrom = ({ lease: known }: NodeState, from: number) => ({
  voteKey: known?.vote?.voteKey as never,
  vrfKey: known?.vote?.vrfKey as Key25519,
  from,
});
