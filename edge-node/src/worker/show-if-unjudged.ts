import type { Reveal } from "@meshwork/protocol";
import type { Assignment } from "../assignment.ts";
import { whileTimeLasts } from "../time-limit.ts";
import type { WorkerParts } from "./work.ts";

/** Of the time for the verdict: verifiers who do their part are done by then. */
const PATIENCE = 3 / 4;

/**
 * Where no verdict comes although the result was shown, the worker shows it on the ledger too, shortly
 * before the verdict's deadline: so the requester, who has it, cannot keep its price by starving the
 * verdict.
 */
export async function showIfUnjudged(
  { clock, ledger, log }: Pick<WorkerParts, "clock" | "ledger" | "log">,
  { orderId, attempt }: Assignment,
  reveal: Reveal,
  signal: AbortSignal,
): Promise<void> {
  const isOver = (until: AbortSignal) =>
    ledger.until(orderId, (task) => task.phase === "done" || task.attempt !== attempt, until);
  const deliverMs = ledger.task(orderId)?.order.deadlines.deliverMs ?? 0;
  if ((await whileTimeLasts(clock, deliverMs * PATIENCE, signal, isOver)) !== null) return;
  log.warn("no verdict has come: the result is shown on the ledger", { orderId });
  await ledger.transact({ kind: "show", orderId, attempt, reveal }, signal);
}
