import { isLive, proofQuorum, type TaskRecord } from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { giveUp } from "./give-up.ts";
import { settlePanel } from "./panel.ts";

/**
 * After every change of a running task: closes it once all workers who still can have committed and
 * all verifiers have committed their seeds; gives it up once it can no longer end well.
 * Lost places have been passed on before, so who is not live here cannot be replaced.
 */
export function settle(draft: Draft, task: TaskRecord): void {
  if (task.phase === "panel") {
    settlePanel(draft, task);
    return;
  }
  const workers = task.workers.filter(isLive);
  const verifiers = task.verifiers.filter(isLive);
  const hopeless =
    workers.length === 0 || verifiers.length < proofQuorum(task.order.policy.verifiers);
  const complete =
    workers.every((place) => place.state === "committed") &&
    verifiers.every((place) => place.state === "accepted");
  if (hopeless) giveUp(draft, task);
  else draft.put("task", complete ? closed(draft, task) : task);
}

function closed(draft: Draft, task: TaskRecord): TaskRecord {
  const { height, activeTime } = draft.at;
  draft.taskEvent(task, "closed");
  return {
    ...task,
    phase: "closed",
    closeHeight: height,
    verdictDeadline: activeTime + task.order.deadlines.deliverMs,
  };
}
