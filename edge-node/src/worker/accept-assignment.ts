import { type Assignment, placeOf } from "../assignment.ts";
import type { WorkerParts } from "./work.ts";

/**
 * Says on the ledger that this node takes its place, or that it does not: a refusal costs nothing and
 * lets the next rank begin at once, silence costs the task its match deadline. False: declined.
 */
export async function acceptAssignment(
  parts: Pick<WorkerParts, "me" | "ledger" | "hasRoom">,
  { orderId, attempt }: Assignment,
  signal: AbortSignal,
): Promise<boolean> {
  const { ledger, me } = parts;
  const task = ledger.task(orderId);
  // Accepted already, before a restart.
  if (task !== null && placeOf(task, "worker", me)?.state !== "called") return true;
  if (!parts.hasRoom()) {
    await declineAssignment(parts, { orderId, attempt }, signal);
    return false;
  }
  await ledger.transact(
    { kind: "accept", orderId, attempt, role: "worker", seedCommitment: null },
    signal,
  );
  return true;
}

/** False when the place was accepted before: then it can be lost, but not declined. */
export async function declineAssignment(
  { ledger, me }: Pick<WorkerParts, "me" | "ledger">,
  { orderId, attempt }: Pick<Assignment, "orderId" | "attempt">,
  signal: AbortSignal,
): Promise<boolean> {
  const task = ledger.task(orderId);
  if (task === null || placeOf(task, "worker", me)?.state !== "called") return false;
  await ledger.transact({ kind: "decline", orderId, attempt }, signal);
  return true;
}
