import type { NodeId, TransactionId } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { contribute, contributionAt, contributionOf, weightsOf } from "./contribution.ts";
import { Draft } from "./draft.ts";
import type { Contribution } from "./epoch-records.ts";
import { ONE } from "./reputation.ts";
import { registration } from "./testing/identities.ts";
import {
  Actors,
  standingNetwork,
  type TestMember,
  TestNetwork,
  testMember,
} from "./testing/index.ts";

const Q16 = BigInt(ONE);

describe("a contribution", () => {
  const known: Contribution = {
    nodeId: "node" as NodeId,
    ...{ since: 0, epoch: 3, settled: 1_000n, fresh: 24n },
    ...{ candidate: null, nextCandidate: "other" as NodeId },
  };

  test("decays with every epoch, rounding down, and what is fresh settles first", () => {
    const half = ONE / 2;
    expect(contributionAt(known, 3, half)).toBe(known);
    const next = contributionAt(known, 4, half);
    expect(next).toMatchObject({ epoch: 4, settled: 512n, fresh: 0n, candidate: "other" });
    expect(contributionAt(known, 13, half).settled).toBe(1n);
    expect(contributionAt(known, 14, half).settled).toBe(0n);
  });

  test("comes out alike however often it is looked at, but for what rounding takes", () => {
    const much = { ...known, settled: 2n ** 62n };
    let step: Contribution = much;
    for (let epoch = 4; epoch <= 1_003; epoch++) step = contributionAt(step, epoch, 65_473);
    const { settled } = contributionAt(much, 1_003, 65_473);
    const exact = 2 ** 62 * (65_473 / 65_536) ** 1_000;
    expect(Math.abs(Number(settled) / exact - 1)).toBeLessThan(1e-9);
    expect(Math.abs(Number(settled) / Number(step.settled) - 1)).toBeLessThan(1e-9);
    expect(contributionAt(much, 1_003, ONE).settled).toBe(2n ** 62n + 24n);
  });

  test("is gone after ages, however slowly it decays", () => {
    expect(contributionAt({ ...known, settled: 2n ** 60n }, 4_100, ONE).settled).toBe(0n);
  });

  test("never exceeds what its record can hold", () => {
    const network = new TestNetwork({ members: 4 });
    const draft = new Draft(network.state, { height: 1, time: 1, activeTime: 1 });
    const [{ nodeId }] = network.members as [TestMember];
    const because = { rule: "work-contributed", evidence: "x" as TransactionId } as const;
    for (let i = 0; i < 3; i++) contribute(draft, nodeId, { ...because, points: 2n ** 47n });
    const { settled, fresh } = contributionOf(draft.state, nodeId);
    expect(settled + fresh).toBe(2n ** 63n - 1n);
    const gained = draft.whys.reduce((sum, { delta }) => sum + delta, 20n * Q16);
    expect(gained).toBe(2n ** 63n - 1n);
  });
});

describe("work that was checked", () => {
  const network = standingNetwork({ members: 6 });
  const actors = new Actors(network);
  actors.finish(actors.order());

  test("leaves what it was paid to its workers and its verifiers, and says why", () => {
    const whys = network.whys.filter(({ of }) => of === "contribution");
    expect(new Set(whys.map(({ rule }) => rule))).toEqual(
      new Set(["work-contributed", "verification-contributed"]),
    );
    for (const { account, delta } of whys)
      expect(contributionOf(network.state, account).fresh).toBe(delta);
    const paid = network.whys.find(({ rule }) => rule === "work-paid");
    const left = whys.find(({ account }) => account === paid?.account);
    expect(left?.delta).toBe((paid?.delta ?? 0n) * Q16);
  });

  test("counts from the next epoch on", () => {
    const before = weightsOf(network.state);
    for (const { nodeId } of network.members) expect(before.get(nodeId)).toBe(20n * Q16);
    network.passEpoch();
    expect([...weightsOf(network.state).values()].some((weight) => weight > 20n * Q16)).toBe(true);
  });
});

test("a node has no age before its first work: to delegate does not begin it", () => {
  const network = standingNetwork({ members: 6 });
  const idle = testMember("idle guest");
  network.guests.push(idle);
  network.put(registration(network, idle));
  network.step();
  const delegation = { kind: "delegate" as const, candidate: null };
  expect(network.refused(idle, delegation)).toBe("NOTHING_CONTRIBUTED");
  while (network.state.epoch.number < 2) network.passEpoch();
  const draft = new Draft(network.state, { ...network.state.head, height: 99 });
  const because = { rule: "work-contributed", evidence: "x" as TransactionId } as const;
  contribute(draft, idle.nodeId, { ...because, points: 3n });
  expect(contributionOf(draft.state, idle.nodeId)).toMatchObject({ since: 2, fresh: 3n * Q16 });
});

describe("delegate", () => {
  const network = standingNetwork({ members: 6 });
  const [from, to, third] = network.members as [TestMember, TestMember, TestMember];
  const candidate = to.nodeId;

  test("is refused to who runs no node, and for who is none, or oneself", () => {
    expect(network.refused(network.requester, { kind: "delegate", candidate })).toBe("NOT_A_NODE");
    const nobody = { kind: "delegate" as const, candidate: network.requester.nodeId };
    expect(network.refused(from, nobody)).toBe("NOT_A_CANDIDATE");
    expect(network.refused(to, { kind: "delegate", candidate })).toBe("NOT_A_CANDIDATE");
  });

  test("lends the weight from the next epoch on, until it is taken back, and no further", () => {
    const weight = (member: TestMember) => weightsOf(network.state).get(member.nodeId);
    network.send(from, { kind: "delegate", candidate });
    // What is lent to one is not lent on by him.
    network.send(to, { kind: "delegate", candidate: third.nodeId });
    network.step();
    const own = weight(from) ?? 0n;
    expect([own, weight(to)]).toEqual([20n * Q16, own]);
    network.passEpoch();
    const kept = (own * 65_000n) / Q16;
    expect([weight(from), weight(to), weight(third)]).toEqual([undefined, kept, 2n * kept]);
    network.send(from, { kind: "delegate", candidate: null });
    network.step();
    network.passEpoch();
    expect(weight(from)).toBe((kept * 65_000n) / Q16);
  });
});
