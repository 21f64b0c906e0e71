import type { BlockHash } from "@meshwork/foundation";
import type { Ballot, BodyOf, Vote } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { contributionOf } from "../contribution.ts";
import { Draft } from "../draft.ts";
import { move, points, vesting } from "../purses.ts";
import {
  Actors,
  seededDigest,
  standingNetwork,
  type TestMember,
  type TestNetwork,
  voteOf,
} from "../testing/index.ts";

const hashOf = (name: string) => seededDigest(name) as string as BlockHash;

const ballot = (change: Partial<Ballot> = {}): Ballot => ({
  ...{ kind: "N", epoch: 0, height: 9, view: 2, blockHash: hashOf("one") },
  ...change,
});
const other = { blockHash: hashOf("other") };
const nullify = { kind: "X", blockHash: null } as const;

function faultOf(network: TestNetwork, first: Ballot, second: Ballot, seat = 1): BodyOf<"fault"> {
  const votes = [first, second].map((about) => voteOf(network, seat, about)) as [Vote, Vote];
  return { kind: "fault", first: votes[0], second: votes[1] };
}

describe("a fault", () => {
  const network = standingNetwork({ members: 6 });
  const refused = (body: BodyOf<"fault">) => network.refused(network.requester, body);

  test.each([
    ["N for two blocks", ballot(), ballot(other)],
    ["F for two blocks", ballot({ kind: "F" }), ballot({ kind: "F", ...other })],
    ["X and F", ballot(nullify), ballot({ kind: "F" })],
    ["F and X", ballot({ kind: "F" }), ballot(nullify)],
  ])("is taken from anybody for %s in one view", (_, first, second) => {
    expect(refused(faultOf(network, first, second))).toBeUndefined();
  });

  test.each([
    ["the same vote twice", ballot(), ballot()],
    ["N and X, as after a timeout", ballot(), ballot(nullify)],
    ["N for one block and F for another", ballot(), ballot({ kind: "F", ...other })],
    ["two views", ballot(), ballot({ view: 3, ...other })],
    ["two heights", ballot(), ballot({ height: 10, ...other })],
    ["X in one view and F in the next", ballot(nullify), ballot({ kind: "F", view: 3 })],
  ])("is refused for %s: an honest seat may sign these", (_, first, second) => {
    expect(refused(faultOf(network, first, second))).toBe("NO_FAULT");
  });

  test("is refused when another signed one of the votes", () => {
    const { first } = faultOf(network, ballot(), ballot(other));
    const second = { ...voteOf(network, 2, ballot(other)), seat: 1 };
    expect(refused({ kind: "fault", first, second })).toBe("NO_FAULT");
    expect(refused({ kind: "fault", first: second, second: first })).toBe("NO_FAULT");
    const unsigned = { ...first, ballot: ballot(other) };
    expect(refused({ kind: "fault", first, second: unsigned })).toBe("NO_FAULT");
    const seats = {
      first: { ...first, seat: 9 },
      second: { ...first, seat: 9, ballot: ballot(other) },
    };
    expect(refused({ kind: "fault", ...seats })).toBe("NO_FAULT");
  });

  test("is refused for a committee that is not remembered", () => {
    const { first, second } = faultOf(network, ballot(), ballot(other));
    const later = (vote: Vote) => ({ ...vote, ballot: { ...vote.ballot, epoch: 7 } });
    const body = { kind: "fault" as const, first: later(first), second: later(second) };
    expect(refused(body)).toBe("EVIDENCE_TOO_OLD");
  });
});

describe("who is convicted", () => {
  const network = standingNetwork({ members: 6 });
  const convicted = network.memberOf(network.state.committee.seats[1]?.node as never);
  const { nodeId } = convicted;
  const reporter = network.requester;
  const purse = (member: TestMember) => network.state.account(member.nodeId);
  enrich(network, convicted);
  const before = { reporter: purse(reporter)?.points ?? 0n, burnt: network.state.head.burnt };
  network.send(reporter, faultOf(network, ballot(), ballot(other)));
  const { events } = network.step();

  test("loses what was vesting: a tenth to the reporter, the rest is burnt", () => {
    expect(purse(convicted)).toMatchObject({ barred: "equivocated", vesting: 0n });
    expect((purse(reporter)?.points ?? 0n) - before.reporter).toBe(100n);
    expect(network.state.head.burnt - before.burnt).toBe(905n);
    const rules = network.whys.slice(-4).map(({ rule, of, delta }) => ({ rule, of, delta }));
    expect(rules).toEqual([
      { rule: "equivocation-reported", of: "vesting", delta: -100n },
      { rule: "equivocation-reported", of: "points", delta: 100n },
      { rule: "equivocation", of: "vesting", delta: -905n },
      { rule: "equivocation", of: "contribution", delta: -20n * 65_536n },
    ]);
  });

  test("is barred for good: no lease, no weight, no transaction of a seat", () => {
    expect(network.state.isBlacklisted(nodeId)).toBe(true);
    expect(network.state.node(nodeId)?.lease).toMatchObject({ vote: null });
    expect(contributionOf(network.state, nodeId)).toMatchObject({ settled: 0n, fresh: 0n });
    expect(events).toContainEqual({ kind: "conviction", nodeId });
    const candidate = { kind: "delegate" as const, candidate: nodeId };
    const [member] = network.members.filter((one) => one !== convicted) as [TestMember];
    expect(network.refused(member, candidate)).toBe("NOT_A_CANDIDATE");
  });

  test("is convicted once, whatever else is brought", () => {
    const more = faultOf(network, ballot({ view: 5 }), ballot({ view: 5, ...other }));
    expect(network.refused(reporter, more)).toBe("CONVICTED_ALREADY");
  });

  test("loses the seat at the hand-over, once enough others stand, and never gets one again", () => {
    for (let epoch = 0; epoch < 4; epoch++) {
      network.passEpoch();
      const nodes = network.state.committee.seats.map(({ node }) => node);
      // In epoch 1 the keys of those who had no seat do not count yet: three are too few.
      expect(nodes.includes(nodeId)).toBe(network.state.epoch.number < 2);
    }
  });
});

test("a seat that was convicted after the election still sits in the committee that was elected", () => {
  const network = standingNetwork({ members: 6 });
  while (network.state.epoch.number < 2) network.passEpoch();
  network.step({ elapsedMs: 60_000, view: 1 });
  const next = network.state.nextCommittee;
  const seat = network.state.committee.seats.findIndex(({ node }) =>
    next?.seats.some((one) => one.node === node),
  );
  const votes = [ballot({ epoch: 2 }), ballot({ epoch: 2, ...other })] as const;
  network.send(network.requester, faultOf(network, ...votes, seat));
  const node = network.state.committee.seats[seat]?.node;
  network.passEpoch();
  expect(network.state.committee).toEqual(next);
  network.passEpoch();
  expect(network.state.committee.seats.map((one) => one.node)).not.toContain(node);
});

test("what a convicted node staked at open places is burnt when they end, and it is paid no more", () => {
  const network = standingNetwork({ members: 4 });
  const actors = new Actors(network);
  const orderId = actors.order({
    policy: { replicas: 2, verifiers: 2, segmentsPerVerifier: 1, auditRate: 65_536 },
  });
  const task = actors.until(orderId, ({ phase }) => phase === "audit");
  const worker = task.workers[0]?.node;
  const seat = network.state.committee.seats.findIndex(({ node }) => node === worker);
  network.send(network.requester, faultOf(network, ballot(), ballot(other), seat));
  network.step();
  const { bonded: staked } = network.state.account(worker as never) ?? { bonded: 0n };
  expect(staked).toBe(100n);
  actors.finish(orderId);
  expect(network.state.account(worker as never)).toMatchObject({ bonded: 0n, vesting: 0n });
  expect(contributionOf(network.state, worker as never).fresh).toBe(0n);
});

test("who reports himself gets nothing for it", () => {
  const network = standingNetwork({ members: 6 });
  const member = network.memberOf(network.state.committee.seats[1]?.node as never);
  enrich(network, member);
  const { points: held } = network.state.account(member.nodeId) ?? {};
  network.send(member, faultOf(network, ballot(), ballot(other)));
  network.step();
  expect(network.state.account(member.nodeId)?.points).toBe(held);
});

/** As if it had earned 1,005 points that are not vested yet. */
function enrich(network: TestNetwork, { nodeId }: TestMember): void {
  const draft = new Draft(network.state, network.state.head);
  const why = { rule: "work-paid", inputs: {}, evidence: seededDigest("pay") } as const;
  move(draft, { from: points(nodeId), to: vesting(nodeId), amount: 1_005n }, why);
  network.state = draft.state;
}
