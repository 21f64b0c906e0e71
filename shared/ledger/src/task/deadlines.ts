import { sittingPanel, type TaskRecord } from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { burnBond } from "../penalties.ts";
import { settle } from "./close-task.ts";
import { convene, endPanel } from "./panel.ts";
import { placesOf, type Role, replace } from "./places.ts";

/** What was due and did not come. Each deadline has one owner, and only he pays for it. */
export function meetDeadline(draft: Draft, task: TaskRecord): void {
  if (task.phase === "audit") {
    convene(draft, task, "silence");
    return;
  }
  if (sittingPanel(task)?.verdictDeadline != null) {
    endPanel(draft, task);
    return;
  }
  let after = task;
  const roles = task.phase === "panel" ? ["panel" as const] : (["worker", "verifier"] as const);
  for (const role of roles) after = replaceLate(draft, after, role);
  settle(draft, after);
}

function replaceLate(draft: Draft, task: TaskRecord, role: Role): TaskRecord {
  let after = task;
  for (const place of placesOf(task, role)) {
    if (place.deadline === null || place.deadline > draft.at.activeTime) continue;
    // Who never answered staked nothing; who accepted and vanished loses his stake.
    if (place.state === "accepted")
      burnBond(draft, { account: place.node, task, evidence: task.orderId }, "no-show");
    after = replace(draft, after, { role, place, state: "missed" });
  }
  return after;
}
