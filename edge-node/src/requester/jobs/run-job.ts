import {
  type Clock,
  codeOf,
  type Digest,
  limits,
  messageOf,
  type OrderId,
  sleep,
} from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import {
  type ContentRef,
  type Contract,
  contentNameOf,
  contentOf,
  type InputRef,
  isFileId,
  type JobEnd,
  outputOf,
  partContract,
  type Receipt,
  reduceContract,
  type SlotOrder,
  slotOrder,
  type TaskRecord,
  type Transaction,
  type UnsignedTransaction,
} from "@meshwork/protocol";
import type { TaskLedger } from "../../ports.ts";
import type { PlacedOrder } from "../place-order.ts";
import type { JobBook, KeptJob } from "./job-book.ts";
import { JobError } from "./job-error.ts";
import { failuresOf, isSettled } from "./job-view.ts";

export interface RunJobParts {
  clock: Clock;
  log: Log;
  book: JobBook;
  ledger: Pick<TaskLedger, "task" | "until">;
  /** An input or a program of the job, from where they lie until it is done. */
  object(ref: InputRef): Promise<Uint8Array | null>;
  /** By this node's key: a mandate names it. */
  sign(unsigned: UnsignedTransaction): Transaction;
  place(order: PlacedOrder, signal: AbortSignal): Promise<OrderId>;
  /** Without its hand-overs, once the task is done. */
  receipt(orderId: OrderId): Promise<Receipt | null>;
  /** The plaintext of a concluded result, if it is at hand; asks for it if it is not. */
  output(orderId: OrderId): Promise<Uint8Array | null>;
  /** Keeps an output until the job is done. */
  pin(jobId: Digest, resultHash: Digest): void;
  /** Which order stands for a part now. */
  opened(jobId: Digest, index: number, open: { attempt: number; orderId: OrderId }): void;
}

/** How often an output is asked for that its worker has not brought yet. */
const OUTPUT_POLL_MS = 500;

/**
 * Takes a job to its end: its parts, some at a time, then its reduction. All that it does may be done
 * again: an order has its id before it is placed, and what has ended is on the disk. Throws what stops it.
 */
export async function runJob(
  parts: RunJobParts,
  jobId: Digest,
  signal: AbortSignal,
): Promise<void> {
  const { inputs, reduce } = jobOf(parts, jobId).job.body;
  const waiting = [...inputs.keys()];
  const failing = new AbortController();
  const until = AbortSignal.any([signal, failing.signal]);
  const lane = async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const { job } = jobOf(parts, jobId);
      await settle(parts, { jobId, index, contract: partContract(job.body, index) }, until);
      requireFewFailures(jobOf(parts, jobId));
    }
  };
  const lanes = Array.from({ length: limits.jobOrdersAtOnce }, lane);
  try {
    await Promise.all(lanes);
  } finally {
    // What is on the ledger goes on there; nothing more is placed.
    failing.abort(new Error("the job has stopped"));
    await Promise.allSettled(lanes);
  }
  if (reduce === null) return;
  const contract = reduceContract(jobOf(parts, jobId).job.body, outputsOf(jobOf(parts, jobId)));
  await settle(parts, { jobId, index: inputs.length, contract }, signal);
  const end = jobOf(parts, jobId).ends.get(inputs.length);
  if (end?.resultHash) return;
  throw new JobError(
    "JOB_REDUCTION_FAILED",
    `the reduction ended ${end?.outcome ?? "without a trace"}, in order ${end?.orderId}: try it with meshwork task run --local`,
  );
}

interface Place {
  jobId: Digest;
  /** Of the part; the reduction stands behind the last. */
  index: number;
  contract: Contract;
}

/** Orders a part until it has an output, or no other attempt makes sense. */
async function settle(parts: RunJobParts, place: Place, signal: AbortSignal): Promise<void> {
  const { jobId, index } = place;
  for (;;) {
    const kept = jobOf(parts, jobId);
    if (isSettled(kept, index)) return;
    const attempt = (kept.ends.get(index)?.attempt ?? -1) + 1;
    const order = slotOrder(kept.job, { index, attempt }, place.contract);
    parts.opened(jobId, index, { attempt, orderId: order.orderId });
    await runOrder(parts, { ...place, attempt, order }, signal);
  }
}

async function runOrder(
  parts: RunJobParts,
  { jobId, index, attempt, order }: Place & { attempt: number; order: SlotOrder },
  signal: AbortSignal,
): Promise<void> {
  const { orderId } = order;
  if (parts.ledger.task(orderId) === null) await placeSlot(parts, order, signal);
  const task = await parts.ledger.until(orderId, ({ phase }) => phase === "done", signal);
  const receipt = await parts.receipt(orderId);
  if (receipt === null) throw new TypeError(`task ${orderId} is done, so it has a receipt`);
  const end: JobEnd = { attempt, outputBytes: null, receipt };
  const resultHash = outputOf(end);
  if (resultHash !== null) parts.pin(jobId, resultHash);
  const { body } = jobOf(parts, jobId).job;
  if (resultHash !== null && body.reduce !== null && index < body.inputs.length)
    end.outputBytes = await sizeOfOutput(parts, { jobId, task }, signal);
  await parts.book.putEnd(jobId, index, end);
}

async function placeSlot(
  parts: RunJobParts,
  { unsigned, contract, blind }: SlotOrder,
  signal: AbortSignal,
): Promise<void> {
  const objects: (Uint8Array | null)[] = [];
  for (const ref of contentOf(contract))
    objects.push(isFileId(ref.contentId) ? null : await parts.object(ref));
  await parts.place({ transaction: parts.sign(unsigned), contract, blind, objects }, signal);
}

/** Waits for it: the worker may still be bringing it. */
async function sizeOfOutput(
  parts: RunJobParts,
  { jobId, task }: { jobId: Digest; task: TaskRecord },
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    const bytes = await parts.output(task.orderId);
    if (bytes !== null) return bytes.length;
    if (parts.clock.now() > jobOf(parts, jobId).job.mandate.notAfter)
      throw new JobError(
        "JOB_EXPIRED",
        `the output of order ${task.orderId} has not come to this gateway, and the job's time is over`,
      );
    await sleep(parts.clock, OUTPUT_POLL_MS, signal);
  }
}

function jobOf({ book }: Pick<RunJobParts, "book">, jobId: Digest): KeptJob {
  const kept = book.get(jobId);
  if (kept === null) throw new JobError("JOB_UNKNOWN", `job ${jobId} is not here any more`);
  return kept;
}

function requireFewFailures(kept: KeptJob): void {
  const failures = failuresOf(kept);
  const { maxFailures } = kept.job.body;
  if (failures <= maxFailures) return;
  const failed = [...kept.ends].find(([, { resultHash }]) => resultHash === null);
  throw new JobError(
    "JOB_PARTS_FAILED",
    `${failures} parts came to nothing, and the job allows ${maxFailures}; the first is part ${failed?.[0]}, which ended ${failed?.[1].outcome}: correct the program, or allow more`,
  );
}

/** What the reduction reads, in order. */
function outputsOf({ job, ends }: KeptJob): ContentRef[] {
  const outputs = job.body.inputs.flatMap((_, index) => {
    const { resultHash, outputBytes } = ends.get(index) ?? { resultHash: null, outputBytes: null };
    return resultHash === null || outputBytes === null
      ? []
      : [{ contentId: contentNameOf(resultHash), sizeBytes: outputBytes }];
  });
  const total = outputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total <= limits.jobOutputBytes) return outputs;
  throw new JobError(
    "JOB_OUTPUTS_TOO_LARGE",
    `the parts wrote ${total} bytes, and one task reads ${limits.jobOutputBytes} at most: let each write less`,
  );
}

export const stopOf = (error: unknown) => ({
  code: codeOf(error),
  reason: messageOf(error).slice(0, 1_000),
});
