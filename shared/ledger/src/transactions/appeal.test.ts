import type { NodeId, Points } from "@meshwork/foundation";
import { sittingPanel, type TaskRecord } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { assertConserved } from "../conservation.ts";
import { keyOf } from "../records.ts";
import { ONE } from "../reputation.ts";
import { APPEAL_WINDOW_MS } from "../task/conclude.ts";
import { Actors, type Conduct, TestNetwork } from "../testing/index.ts";

/** A task of one worker whose verifiers play as told, until its first verdict. */
function judged({
  worker = "honest",
  verifiers = "honest",
  members = 18,
}: {
  worker?: Conduct;
  verifiers?: Conduct;
  members?: number;
}) {
  const network = new TestNetwork({ members, policy: { auditFloor: ONE } });
  const actors = new Actors(network);
  const policy = { replicas: 1, verifiers: 4, segmentsPerVerifier: 3, auditRate: ONE };
  const drawn = actors.until(actors.order({ policy }), ({ phase }) => phase === "running");
  const accused = drawn.workers[0]?.node as NodeId;
  const before = { account: network.state.account(accused), node: network.state.node(accused) };
  actors.conduct.set(accused, worker);
  for (const { node } of drawn.verifiers) actors.conduct.set(node, verifiers);
  const task = actors.finish(drawn.orderId);
  const about = { orderId: task.orderId, attempt: task.attempt };
  return { network, actors, task, accused, before, appeal: { kind: "appeal" as const, ...about } };
}

function heard(at: ReturnType<typeof judged>, by: "accused" | "requester"): TaskRecord {
  const { network, actors, appeal, task } = at;
  const sender = by === "accused" ? network.memberOf(at.accused) : network.requester;
  network.send(sender, appeal);
  network.step();
  const after = actors.finish(task.orderId);
  assertConserved(network.state);
  return after;
}

describe("an appeal of a worker who was convicted wrongly", () => {
  const at = judged({ verifiers: "slanders" });
  const { network, accused, before, task } = at;
  const convicted = network.state.account(accused);
  const after = heard(at, "accused");

  test("is heard by a larger panel of nodes that had no part in the task", () => {
    expect(task.conclusion?.outcome).toBe("disputed");
    const [panel] = after.panels;
    expect(panel).toMatchObject({ cause: "appeal", size: 9 });
    const involved = [...task.workers, ...task.verifiers].map(({ node }) => node);
    for (const { node } of panel?.seats ?? []) expect(involved).not.toContain(node);
  });

  test("gives back bond, name, and freedom, each change with its why", () => {
    expect(after.appeal).toMatchObject({ by: accused, upheld: true });
    expect(convicted?.points).toBe(9_900n);
    // The panel cost seven of nine runs of eight points; all else is as it was.
    expect(network.state.account(accused)).toMatchObject({
      points: (before.account?.points ?? 0n) - 56n,
      bonded: 0n,
      vesting: 0n,
    });
    const { successes, failures, clean, suspensions } = before.node ?? {};
    expect(network.state.node(accused)).toMatchObject({ successes, failures, clean, suspensions });
    expect(network.state.node(accused)?.suspendedUntil).toBeLessThanOrEqual(
      network.state.head.activeTime,
    );
    const whys = network.whys.filter(({ rule }) => rule === "appeal-upheld");
    expect(new Set(whys.map(({ of }) => of))).toEqual(new Set(["points", "reputation"]));
  });

  test("replaces the conclusion by that of the panel", () => {
    expect(after.conclusion).toMatchObject({ outcome: "verified", panel: 0, penalties: [] });
    expect(after.conclusion?.proofHash).not.toBe(task.conclusion?.proofHash);
  });

  test("frees all who sat, and cannot be repeated", () => {
    for (const { nodeId } of network.members) {
      expect(network.state.node(nodeId)?.assigned).toBe(0);
      expect(network.state.account(nodeId)?.bonded).toBe(0n);
    }
    expect(network.refused(network.memberOf(accused), at.appeal)).toBe("APPEALED_ALREADY");
  });
});

describe("an appeal that is wrong", () => {
  test("costs a liar the bond beside the panel, and he stays convicted", () => {
    const at = judged({ worker: "lies" });
    const was = at.network.state.account(at.accused)?.points ?? 0n;
    const after = heard(at, "accused");
    expect(after.appeal?.upheld).toBe(false);
    expect(after.conclusion).toMatchObject({ ...at.task.conclusion, keptUntil: expect.anything() });
    expect(at.network.state.account(at.accused)?.points).toBe(was - 100n - 56n);
    expect(at.network.state.node(at.accused)?.failures).toBe(10 * ONE);
  });

  test("costs a requester as much who doubts what is right", () => {
    const at = judged({});
    const { requester } = at.network;
    const was = at.network.state.account(requester.nodeId)?.points ?? 0n;
    expect(heard(at, "requester").appeal?.upheld).toBe(false);
    expect(at.network.state.account(requester.nodeId)?.points).toBe(was - 156n);
  });
});

test("a liar who appeals first, and loses, leaves nobody convicted who was honest", () => {
  const network = new TestNetwork({ members: 18, policy: { auditFloor: ONE } });
  const actors = new Actors(network);
  const drawn = actors.until(actors.order(), ({ phase }) => phase === "running");
  const [liar, honest] = drawn.workers.map(({ node }) => node) as [NodeId, NodeId];
  actors.conduct.set(liar, "lies");
  for (const { node } of drawn.verifiers) actors.conduct.set(node, "slanders");
  const { orderId, attempt, conclusion } = actors.finish(drawn.orderId);
  expect(conclusion?.penalties.map(({ node }) => node)).toEqual([liar, honest]);
  network.send(network.memberOf(liar), { kind: "appeal", orderId, attempt });
  network.step();
  const after = actors.finish(orderId);
  expect(after.appeal?.upheld).toBe(false);
  expect(after.conclusion).toMatchObject({ outcome: "verified", panel: 0 });
  expect(after.conclusion?.penalties.map(({ node }) => node)).toEqual([liar]);
  expect(network.state.account(honest)?.points).toBe(10_000n);
  expect(network.state.node(honest)).toMatchObject({ failures: 0, suspensions: 0 });
  expect(network.state.node(liar)?.suspensions).toBe(1);
  assertConserved(network.state);
});

test("a requester who was sold a lie wins: the liar is convicted, whatever his verifiers swore", () => {
  const at = judged({ worker: "lies", verifiers: "acquits" });
  expect(at.task.conclusion?.outcome).toBe("verified");
  const earned = at.network.state.account(at.accused)?.vesting;
  expect(earned).toBeGreaterThan(0n);
  const after = heard(at, "requester");
  expect(after).toMatchObject({ appeal: { upheld: true }, conclusion: { outcome: "disputed" } });
  expect(at.network.state.account(at.accused)).toMatchObject({ vesting: 0n });
  expect(at.network.state.node(at.accused)?.suspensions).toBe(1);
});

test("an appeal that no panel can hear gives the whole stake back, and the verdict stands", () => {
  const at = judged({ members: 6 });
  const { requester } = at.network;
  const was = at.network.state.account(requester.nodeId)?.points;
  const after = heard(at, "requester");
  expect(after.appeal).toMatchObject({ upheld: null });
  expect(after.conclusion).toMatchObject({ ...at.task.conclusion, keptUntil: expect.anything() });
  expect(at.network.state.account(requester.nodeId)?.points).toBe(was);
});

test("an appeal is heard though its requester has been forgotten: what is left goes to who staked it", () => {
  const at = judged({ verifiers: "slanders" });
  const { network, accused } = at;
  const { nodeId } = network.requester;
  const account = network.state.account(nodeId);
  const { head } = network.state;
  network.state = network.state
    .with("head", { ...head, burnt: (head.burnt + (account?.points ?? 0n)) as Points })
    .without(keyOf("account", nodeId));
  network.send(network.memberOf(accused), at.appeal);
  network.step();
  expect(network.state.account(accused)?.openOrders).toBe(1);
  const sitting = at.actors.until(
    at.task.orderId,
    (task) => (sittingPanel(task)?.verdictDeadline ?? null) !== null,
  );
  const proof = at.actors.proofOf(sitting);
  if (proof === null) throw new Error("the panel agrees");
  network.send(network.memberOf(accused), { kind: "prove", proof });
  network.step();
  expect(network.state.task(sitting.orderId)?.appeal?.upheld).toBe(true);
  expect(network.state.account(accused)?.openOrders).toBe(0);
  assertConserved(network.state);
});

describe("an appeal is refused", () => {
  const at = judged({});
  const { network, appeal, task } = at;

  test("to who neither ordered the task nor was convicted by its verdict", () => {
    expect(network.refused(network.memberOf(at.accused), appeal)).toBe("NOT_CONCERNED");
  });

  test("against what nobody has judged, and for another attempt", () => {
    const unjudged = judged({ verifiers: "vanishes", members: 5 });
    expect(unjudged.network.refused(unjudged.network.requester, unjudged.appeal)).toBe(
      "NO_VERDICT",
    );
    expect(network.refused(network.requester, { ...appeal, attempt: 1 })).toBe("WRONG_ATTEMPT");
  });

  test("when its time is over", () => {
    expect(network.refused(network.requester, appeal)).toBeUndefined();
    const until = network.header.activeTime + APPEAL_WINDOW_MS;
    while (network.header.activeTime <= until) network.step({ elapsedMs: 30_000 });
    expect(network.refused(network.requester, appeal)).toBe("TOO_LATE");
  });

  test("while the task is before a panel already", () => {
    const open = judged({});
    open.network.send(open.network.requester, open.appeal);
    open.network.step();
    const now = open.network.state.task(task.orderId);
    expect(now?.phase).toBe("panel");
    expect(now && sittingPanel(now)?.cause).toBe("appeal");
    expect(open.network.refused(open.network.requester, open.appeal)).toBe("WRONG_PHASE");
  });
});
