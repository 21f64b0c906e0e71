import type { NodeId } from "@meshwork/foundation";
import { type BodyOf, closedSet, commitmentOf, type TaskRecord } from "@meshwork/protocol";
import { refuse } from "../refusal.ts";
import { withPlace } from "../task/places.ts";
import { findTask, type Rule, requireTask } from "./rule.ts";

/**
 * A worker who waits for a verdict in vain shows on the ledger what he committed to. A proof that
 * still comes decides as if he had not; without one he is paid a part: see `task/end-unjudged`.
 */
export const show: Rule<BodyOf<"show">> = {
  check({ sender, body }, { state }) {
    const { found: task, refusal } = findTask(state, body, "audit", "panel");
    if (refusal) return refusal;
    const place = committedPlace(task, sender);
    if (place === undefined)
      return refuse("NOT_ACCEPTED", `${sender} has committed to no result of ${task.orderId}`);
    if (place.shown !== null)
      return refuse("SAID_ALREADY", `${sender} has shown his result of ${task.orderId}`);
    const { reveal } = body;
    const opened = commitmentOf(state.head.chainId, task.orderId, task.attempt, reveal);
    const { maxFuel } = task.order;
    return reveal.worker === sender && opened === place.commitment && reveal.fuel <= maxFuel
      ? null
      : refuse("WRONG_REVEAL", `this is not what ${sender} committed to, within ${maxFuel} fuel`);
  },

  apply(draft, { sender, body: { orderId, reveal } }) {
    const task = requireTask(draft, orderId);
    const place = committedPlace(task, sender);
    if (place === undefined) return;
    const { traceRoot, fuel } = reveal;
    draft.taskEvent(task, "shown", sender);
    draft.put("task", withPlace(task, "worker", { ...place, shown: { traceRoot, fuel } }));
  },
};

const committedPlace = (task: TaskRecord, node: NodeId) =>
  closedSet(task).find((place) => place.node === node);
