import { sealBytes } from "@meshwork/crypto";
import { type Digest, fromHex } from "@meshwork/foundation";
import { commitmentOf, type Reveal, type TaskRecord } from "@meshwork/protocol";
import { type Assignment, placeOf } from "../assignment.ts";
import type { TaskRun } from "../runtime/run-task.ts";
import { whileTimeLasts } from "../time-limit.ts";
import type { WorkerParts } from "./work.ts";

export interface HiddenResult {
  reveal: Reveal;
  outputKey: Digest;
}

/**
 * Stores the result sealed, here, in the store that nodes share and with the requester's node, and
 * only then commits to it on the ledger: no credit for what could be lost. The requester gets the key
 * when the commitment is final: before, he could read the result and revoke his order. The other
 * workers and the verifiers learn nothing before the close.
 */
export async function commitResult(
  parts: Pick<WorkerParts, "me" | "clock" | "ledger" | "mail" | "blobs" | "secrets" | "log">,
  { orderId, attempt }: Assignment,
  { task, run }: { task: TaskRecord; run: TaskRun },
  signal: AbortSignal,
): Promise<HiddenResult> {
  const { me, ledger, blobs, secrets } = parts;
  const { gateway } = task.order;
  const outputKey = secrets("output-key", orderId, attempt);
  const sealed = sealBytes(fromHex(outputKey), run.output);
  const sealedOutput = await blobs.put(sealed, { orderId });
  await leaveWithGateway(parts, task, sealed, signal);
  const { resultHash, traceRoot, steps, fuel, fault } = run;
  const salt = secrets("salt", orderId, attempt);
  const reveal: Reveal = {
    worker: me,
    resultHash,
    traceRoot,
    steps,
    fuel,
    fault,
    sealedOutput,
    transcript: null,
    salt,
  };
  const commitment = commitmentOf(ledger.chainId, orderId, attempt, reveal);
  const current = ledger.task(orderId);
  const place = current === null ? null : placeOf(current, "worker", me);
  if (place?.state === "accepted")
    await ledger.transact({ kind: "commit", orderId, attempt, commitment }, signal);
  void parts.mail
    .send(gateway, { kind: "result", orderId, attempt, sealedOutput, outputKey })
    .catch((error) => parts.log.warn("the result could not be announced", { orderId, error }));
  return { reveal, outputKey };
}

/**
 * A copy for the requester's node, so that this one may go. A gateway that is away, or takes nothing,
 * must not cost the worker his bond: the copy here is durable, and whoever wants it may fetch it.
 */
async function leaveWithGateway(
  { clock, blobs, log }: Pick<WorkerParts, "clock" | "blobs" | "log">,
  { orderId, order: { gateway, deadlines } }: TaskRecord,
  sealed: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const push = async (until: AbortSignal) => {
    await blobs.push(gateway, sealed, until);
    return "left" as const;
  };
  try {
    if ((await whileTimeLasts(clock, deadlines.runMs / 4, signal, push)) === "left") return;
    log.warn("the requester's node was too slow to take the result", { orderId, gateway });
  } catch (error) {
    signal.throwIfAborted();
    log.warn("the requester's node did not take the result", { orderId, gateway, error });
  }
}
