import type { NodeId } from "@meshwork/foundation";
import type { BodyOf, TaskPlace, TaskRecord } from "@meshwork/protocol";
import { refuse } from "../refusal.ts";
import { settle } from "../task/close-task.ts";
import { type Role, replace } from "../task/places.ts";
import { calledPlace } from "./accept.ts";
import { findTask, type Rule, requireTask } from "./rule.ts";

/** A called node says no at once, so that nobody waits for it and it is not charged. */
export const decline: Rule<BodyOf<"decline">> = {
  check({ sender, body }, { state }) {
    const { found: task, refusal } = findTask(state, body, "running", "panel");
    if (refusal) return refusal;
    return callOf(task, sender) === null
      ? refuse("NOT_CALLED", `${sender} is not called for ${task.orderId}`)
      : null;
  },

  apply(draft, { sender, body }) {
    const task = requireTask(draft, body.orderId);
    const called = callOf(task, sender);
    if (called !== null) settle(draft, replace(draft, task, { ...called, state: "declined" }));
  },
};

function callOf(task: TaskRecord, node: NodeId): { role: Role; place: TaskPlace } | null {
  for (const role of ["worker", "verifier", "panel"] as const) {
    const place = calledPlace(task, role, node);
    if (place) return { role, place };
  }
  return null;
}
