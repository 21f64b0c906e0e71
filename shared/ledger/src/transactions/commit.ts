import type { NodeId } from "@meshwork/foundation";
import type { BodyOf, TaskPlace, TaskRecord } from "@meshwork/protocol";
import { refuse } from "../refusal.ts";
import { settle } from "../task/close-task.ts";
import { withPlace } from "../task/places.ts";
import { findTask, type Rule, requireTask } from "./rule.ts";

/** A worker binds himself to a result that nobody can see yet. */
export const commit: Rule<BodyOf<"commit">> = {
  check({ sender, body }, { state, at }) {
    const { found: task, refusal } = findTask(state, body, "running");
    if (refusal) return refusal;
    const place = acceptedPlace(task, sender);
    if (place === undefined)
      return refuse("NOT_ACCEPTED", `${sender} has no worker's place of ${task.orderId} to fill`);
    if ((place.deadline ?? 0) <= at.activeTime)
      return refuse("TOO_LATE", `the result was due at active time ${place.deadline}`);
    return null;
  },

  apply(draft, { sender, body }) {
    const task = requireTask(draft, body.orderId);
    const place = acceptedPlace(task, sender) as TaskPlace;
    const { commitment } = body;
    draft.taskEvent(task, "committed", sender);
    settle(
      draft,
      withPlace(task, "worker", { ...place, state: "committed", deadline: null, commitment }),
    );
  },
};

const acceptedPlace = (task: TaskRecord, node: NodeId): TaskPlace | undefined =>
  task.workers.find((place) => place.node === node && place.state === "accepted");
