import { systemClock } from "@meshwork/foundation";
import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { expect, test } from "vitest";
import type { Assignment } from "./assignment.ts";
import { createAssignments } from "./assignments.ts";

/** A task of two attempts, and a node that works in it; what the node has begun, and what was called off. */
function watched() {
  const network = new TestNetwork({ members: 6, policy: { maxAttempts: 2 } });
  const actors = new Actors(network);
  const begun: Assignment[] = [];
  const ended: Assignment[] = [];
  const first = actors.until(actors.order(), ({ phase }) => phase === "running");
  const me = first.workers[0]?.node;
  if (me === undefined) throw new Error("nobody was drawn");
  const part = (assignment: Assignment, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      begun.push(assignment);
      signal.addEventListener("abort", () => {
        ended.push(assignment);
        resolve();
      });
    });
  const assignments = createAssignments({
    me,
    clock: systemClock,
    log: silentLog,
    work: part,
    verify: part,
    sit: part,
  });
  return { network, actors, begun, ended, first, assignments, me };
}

test("when other nodes are drawn, what was begun is called off, and the new part begins", async () => {
  const { network, actors, begun, ended, first, assignments } = watched();
  const { orderId } = first;
  assignments.onTask(first);
  expect(begun).toEqual([{ orderId, attempt: 0, role: "worker" }]);
  for (const { node } of first.workers) actors.conduct.set(node, "silent");
  assignments.onTask(actors.until(orderId, ({ attempt }) => attempt === 1));
  expect(ended).toEqual(begun);
  // Six members fill six places: every one of them is drawn again.
  const again = actors.until(orderId, ({ phase }) => phase === "running");
  assignments.onTask(again);
  assignments.onTask(again);
  expect(begun.map(({ attempt }) => attempt)).toEqual([0, 1]);
  expect(network.state.task(orderId)?.attempt).toBe(1);
  await assignments.stop();
  expect(ended).toHaveLength(2);
});
