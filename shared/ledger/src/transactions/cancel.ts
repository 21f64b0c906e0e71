import type { BodyOf } from "@meshwork/protocol";
import { refuse } from "../refusal.ts";
import { revokeTask } from "../task/revoke-task.ts";
import { type Rule, requireTask } from "./rule.ts";

/** A requester takes his order back. Whoever may have seen a result cannot: see `task/revoke-task`. */
export const cancel: Rule<BodyOf<"cancel">> = {
  check({ sender, body: { orderId } }, { state }) {
    const task = state.task(orderId);
    if (task === undefined) return refuse("UNKNOWN_TASK", `there is no task ${orderId}`);
    if (task.requester !== sender)
      return refuse("NOT_THE_REQUESTER", `${orderId} is an order of ${task.requester}`);
    if (task.phase !== "submitted" && task.phase !== "running")
      return refuse(
        "WRONG_PHASE",
        `the task is ${task.phase}: an order is revoked before the close`,
      );
    return task.workers.some(({ state }) => state === "committed")
      ? refuse("RESULT_IS_OUT", "a worker has committed to a result: it is paid for by its verdict")
      : null;
  },

  apply(draft, { id, body: { orderId } }) {
    revokeTask(draft, requireTask(draft, orderId), id);
  },
};
