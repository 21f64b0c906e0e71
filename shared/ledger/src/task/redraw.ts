import type { TaskRecord } from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { releaseAll } from "./places.ts";

/** Other nodes are drawn as often as the network allows, while there are points to pay them with. */
export const mayTryAgain = (draft: Draft, { attempt, escrow, order }: TaskRecord): boolean =>
  attempt + 1 < draft.state.policy.maxAttempts && escrow >= BigInt(order.policy.replicas);

/** The task begins anew: who has joined meanwhile may be drawn now, and nobody is barred from it. */
export function redraw(draft: Draft, task: TaskRecord): void {
  releaseAll(draft, task);
  draft.taskEvent(task, "redrawn");
  draft.put("task", {
    ...task,
    phase: "submitted",
    attempt: task.attempt + 1,
    fixedHeight: draft.at.height,
    queue: null,
    ranks: [],
    relaxed: [],
    drawHeight: null,
    nextRank: 0,
    workers: [],
    verifiers: [],
    closeHeight: null,
    audit: null,
    verdictDeadline: null,
    panels: [],
  });
}
