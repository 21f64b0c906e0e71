import { commitmentOf, type TaskRecord } from "@meshwork/protocol";
import { type Assignment, placeOf } from "../assignment.ts";
import type { HiddenResult } from "./hide-result.ts";
import type { WorkerParts } from "./work.ts";

/**
 * Commits on the ledger to what is stored. The requester gets the key when the commitment is final:
 * before, he could read the result and revoke his order. The other workers and the verifiers learn
 * nothing before the close.
 */
export async function commitResult(
  parts: Pick<WorkerParts, "me" | "ledger" | "mail" | "log">,
  { orderId, attempt }: Assignment,
  { task, result }: { task: TaskRecord; result: HiddenResult },
  signal: AbortSignal,
): Promise<void> {
  const { me, ledger, mail, log } = parts;
  const { reveal, outputKey } = result;
  const commitment = commitmentOf(ledger.chainId, orderId, attempt, reveal);
  const current = ledger.task(orderId);
  const place = current === null ? null : placeOf(current, "worker", me);
  if (place?.state === "accepted")
    await ledger.transact({ kind: "commit", orderId, attempt, commitment }, signal);
  const { sealedOutput } = reveal;
  void mail
    .send(task.order.gateway, { kind: "result", orderId, attempt, sealedOutput, outputKey })
    .catch((error) => log.warn("the result could not be announced", { orderId, error }));
}
