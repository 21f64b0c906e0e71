import { sealBytes } from "@meshwork/crypto";
import { type ContentId, type Digest, fromHex } from "@meshwork/foundation";
import {
  encodeTrace,
  type Reveal,
  type TaskRecord,
  type Transcript,
  transcriptHash,
  transcript as transcriptWire,
} from "@meshwork/protocol";
import type { Assignment } from "../assignment.ts";
import type { TaskRun } from "../runtime/run-task.ts";
import { whileTimeLasts } from "../time-limit.ts";
import type { WorkerParts } from "./work.ts";

export interface HiddenResult {
  reveal: Reveal;
  outputKey: Digest;
  /** Where the run's leaves lie, for those who will check it. */
  trace: ContentId;
  /** Where what the world told it lies, sealed with the same key; null when it asked nothing. */
  transcript: ContentId | null;
}

/**
 * Stores the result sealed, here, in the store that nodes share and with the requester's node: no
 * credit for what could be lost. All at once, and while the acceptance is still under way: what is
 * sealed tells nobody anything, and the next step is the commitment.
 */
export async function hideResult(
  parts: Pick<WorkerParts, "me" | "clock" | "blobs" | "secrets" | "log">,
  { orderId, attempt }: Assignment,
  {
    task,
    run,
    transcript: told,
  }: { task: TaskRecord; run: TaskRun; transcript: Transcript | null },
  signal: AbortSignal,
): Promise<HiddenResult> {
  const { me, blobs, secrets } = parts;
  const outputKey = secrets("output-key", orderId, attempt);
  const seal = (bytes: Uint8Array) => sealBytes(fromHex(outputKey), bytes);
  const sealed = seal(run.output);
  const [sealedOutput, trace, transcript] = await Promise.all([
    blobs.put(sealed, { orderId }),
    blobs.put(encodeTrace(run.leaves), { orderId }),
    told && blobs.put(seal(transcriptWire.encode(told)), { orderId }),
    leaveWithGateway(parts, task, sealed, signal),
  ]);
  const { resultHash, traceRoot, steps, fuel, fault } = run;
  const salt = secrets("salt", orderId, attempt);
  const reveal = {
    ...{ worker: me, resultHash, traceRoot, steps, fuel, fault },
    ...{ sealedOutput, transcript: told && transcriptHash(told), salt },
  };
  return { reveal, outputKey, trace, transcript };
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
