import { type Assignment, placeOf } from "../assignment.ts";
import type { WorkerParts } from "./work.ts";

/**
 * Says on the ledger that this node takes its place: from now on it must deliver. A place that was
 * accepted before a restart is its own already.
 */
export async function acceptAssignment(
  { ledger, me }: Pick<WorkerParts, "me" | "ledger">,
  { orderId, attempt }: Assignment,
  signal: AbortSignal,
): Promise<void> {
  const task = ledger.task(orderId);
  if (task !== null && placeOf(task, "worker", me)?.state !== "called") return;
  await ledger.transact(
    { kind: "accept", orderId, attempt, role: "worker", seedCommitment: null },
    signal,
  );
}

/**
 * Says that it does not: that costs nothing and lets the next rank begin at once, where silence costs
 * the task its match deadline. False when the place was accepted before: then it can be lost, but not
 * declined.
 */
export async function declineAssignment(
  { ledger, me }: Pick<WorkerParts, "me" | "ledger">,
  { orderId, attempt, role }: Assignment,
  signal: AbortSignal,
): Promise<boolean> {
  const task = ledger.task(orderId);
  if (task === null || placeOf(task, role, me)?.state !== "called") return false;
  await ledger.transact({ kind: "decline", orderId, attempt }, signal);
  return true;
}
