import type { NodeId, OrderId, Points } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { seededDigest, type TestMember } from "../testing/index.ts";
import { taskIn } from "../testing/task-in.ts";

const asWorker = { kind: "accept" as const, role: "worker" as const, seedCommitment: null };

describe("accept", () => {
  const { network, holder, about, task } = taskIn("running");
  const seedCommitment = seededDigest("seed commitment");

  test("is refused for an unknown task, another attempt, and from who is not called", () => {
    const [worker, verifier] = [holder("workers"), holder("verifiers")];
    const unknown = { ...about, orderId: seededDigest("x") as string as OrderId };
    expect(network.refused(worker, { ...asWorker, ...unknown })).toBe("UNKNOWN_TASK");
    expect(network.refused(worker, { ...asWorker, ...about, attempt: 1 })).toBe("WRONG_ATTEMPT");
    expect(network.refused(verifier, { ...asWorker, ...about })).toBe("NOT_CALLED");
    expect(network.refused(network.requester, { ...asWorker, ...about })).toBe("NOT_CALLED");
  });

  test("commits a verifier to a seed, and a worker to none", () => {
    const body = { ...asWorker, ...about };
    expect(network.refused(holder("workers"), { ...body, seedCommitment })).toBe("SEED_COMMITMENT");
    const verifier = { ...body, role: "verifier" as const };
    expect(network.refused(holder("verifiers"), verifier)).toBe("SEED_COMMITMENT");
    expect(network.refused(holder("verifiers"), { ...verifier, seedCommitment })).toBeUndefined();
  });

  test("is refused before the draw, and a second time", () => {
    const waiting = taskIn("submitted");
    const [worker] = waiting.network.members as [TestMember];
    expect(waiting.network.refused(worker, { ...asWorker, ...waiting.about })).toBe("WRONG_PHASE");
    network.send(holder("workers"), { ...asWorker, ...about });
    network.step();
    expect(network.refused(holder("workers"), { ...asWorker, ...about })).toBe("NOT_CALLED");
    expect(network.state.account(holder("workers").nodeId)?.bonded).toBe(100n);
  });

  test("is refused when it comes too late", () => {
    const late = taskIn("running");
    late.network.step({ elapsedMs: 4_980, view: 1 });
    expect(
      late.network.refused(late.holder("workers"), { ...asWorker, ...late.about }),
    ).toBeUndefined();
    late.network.step({ elapsedMs: 10, view: 1 });
    expect(late.network.refused(late.holder("workers"), { ...asWorker, ...late.about })).toBe(
      "TOO_LATE",
    );
    expect(task.workers[0]?.state).toBe("called");
  });

  test("is refused without the points for the bond, and to the suspended", () => {
    const poor = taskIn("running");
    const id = poor.holder("workers").nodeId;
    const account = poor.network.state.account(id);
    const node = poor.network.state.node(id);
    if (!account || !node) throw new Error("no account");
    const { state } = poor.network;
    poor.network.state = state.with("account", { ...account, points: 99n as Points });
    const body = { ...asWorker, ...poor.about };
    expect(poor.network.refused(poor.holder("workers"), body)).toBe("INSUFFICIENT_POINTS");
    poor.network.state = state.with("node", { ...node, suspendedUntil: 10 ** 9 });
    expect(poor.network.refused(poor.holder("workers"), body)).toBe("SUSPENDED");
  });
});

describe("decline and commit", () => {
  test("are for who holds the place: a call is declined, an accepted place is filled", () => {
    const { network, holder, about } = taskIn("running");
    const commitment = seededDigest("commitment");
    const commit = { kind: "commit" as const, ...about, commitment };
    const decline = { kind: "decline" as const, ...about };
    expect(network.refused(holder("workers"), commit)).toBe("NOT_ACCEPTED");
    expect(network.refused(network.requester, decline)).toBe("NOT_CALLED");
    expect(network.refused(holder("verifiers"), decline)).toBeUndefined();
    network.send(holder("workers"), { ...asWorker, ...about });
    network.step();
    expect(network.refused(holder("workers"), decline)).toBe("NOT_CALLED");
    expect(network.refused(holder("workers"), commit)).toBeUndefined();
    expect(network.refused(holder("workers", 1), commit)).toBe("NOT_ACCEPTED");
    network.step({ elapsedMs: 20_000, view: 1 });
    expect(network.refused(holder("workers"), commit)).not.toBeUndefined();
  });
});

test("the set stays open until every live verifier has committed a seed, though all workers have", () => {
  const { network, actors, about } = taskIn("running");
  const task = () => network.state.task(about.orderId);
  const [slow] = task()?.verifiers ?? [];
  actors.conduct.set(slow?.node as NodeId, "silent");
  for (let i = 0; i < 4; i++) {
    const now = task();
    if (now) actors.act(now);
    network.step({ view: 1 });
  }
  expect(task()?.workers.every((place) => place.state === "committed")).toBe(true);
  expect(task()?.phase).toBe("running");
  actors.conduct.clear();
  const late = task();
  if (late) actors.act(late);
  network.step();
  expect(task()?.phase).toBe("closed");
});
