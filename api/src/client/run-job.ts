import type { ContentId, Digest, OrderId } from "@meshwork/foundation";
import { job as jobWire, type Outcome } from "@meshwork/protocol";
import { fromBase64, toBase64 } from "../base64.ts";
import type { JobState } from "../job-views.ts";
import type { BuiltJob } from "./build-job.ts";
import { requireJobProof } from "./check-receipt.ts";
import { ClientError, RefusedError } from "./client-error.ts";
import { coded, type Door } from "./door.ts";
import { fetchResult, soon } from "./fetch-result.ts";
import type { RunParts } from "./run-task.ts";
import { patiently, upload } from "./submit-order.ts";
import { watchStream } from "./watch-task.ts";

/** What is on its way at a time: the gateway holds no more of one account in memory. */
const BATCH_BYTES = 32 << 20;
const BATCH_OBJECTS = 32;

/** Hands a job in and uploads what the gateway says that it lacks; resolves when it has begun. */
export async function submitJob(
  parts: Pick<RunParts, "door" | "clock">,
  { jobId, job, objects }: BuiltJob,
  signal: AbortSignal | undefined,
): Promise<Digest> {
  const text = toBase64(jobWire.encode(job));
  const options = signal ? { signal } : {};
  const hand = () => coded(parts.door.trpc.tasks.map.mutate({ job: text }, options));
  for (;;) {
    const missing = await patiently(
      parts.clock,
      async () => {
        const lacking = (await hand()).missing as ContentId[];
        await Promise.all(
          batchOf(lacking, objects).map((object) => upload(parts.door, object, signal)),
        );
        return lacking;
      },
      signal,
    );
    if (missing.length === 0) return jobId;
  }
}

/** The first of what is missing, as much as may be on its way; one is always among it. */
function batchOf(missing: readonly ContentId[], objects: BuiltJob["objects"]) {
  const batch: [ContentId, Uint8Array][] = [];
  let size = 0;
  for (const id of missing) {
    const bytes = objects.get(id);
    if (bytes === undefined)
      throw new ClientError("ANSWER_INVALID", `the server lacks ${id}, which is not of this job`);
    size += bytes.length;
    if (batch.length > 0 && (size > BATCH_BYTES || batch.length >= BATCH_OBJECTS)) break;
    batch.push([id, bytes]);
  }
  return batch;
}

/** Every view of a job until it is over, over lost connections and restarts of the server. */
export const watchJob = (
  parts: Pick<RunParts, "door" | "clock">,
  jobId: Digest,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobState> =>
  watchStream<JobState>(parts, {
    path: "jobs.watch",
    input: { jobId },
    isLast: ({ kind }) => kind === "done" || kind === "failed" || kind === "revoked",
    signal,
  });

export interface JobResult {
  jobId: Digest;
  state: JobState;
  /** Of the reduction; without one, of each part, null where it came to nothing. */
  output: Uint8Array | null;
  outputs: (Uint8Array | null)[];
  /** Canonical bytes: keep them, they verify offline. */
  receipt: Uint8Array;
}

/** From a job that was handed in to its checked outputs; throws the coded error of any other end. */
export async function followJob(
  parts: RunParts,
  jobId: Digest,
  options: { onState?: ((state: JobState) => void) | undefined; signal?: AbortSignal | undefined },
): Promise<JobResult> {
  let state: JobState | null = null;
  for await (const seen of watchJob(parts, jobId, options.signal)) {
    state = seen;
    options.onState?.(seen);
  }
  if (state === null) throw new ClientError("ANSWER_INVALID", `job ${jobId} has no state`);
  if (state.kind !== "done") throw endOf(state);
  const receipt = await fetchJobReceipt(parts, jobId);
  if (receipt === null)
    throw new ClientError("RESULT_MISSING", `the server has no receipt of job ${jobId} yet`);
  if (parts.genesis !== null)
    requireJobProof(receipt, { genesis: parts.genesis, now: parts.clock.now() }, { jobId, state });
  const read = (part: Part) => outputOf(parts, part, options.signal);
  if (state.reduce !== null)
    return { jobId, state, output: await read(state.reduce), outputs: [], receipt };
  const outputs: (Uint8Array | null)[] = [];
  for (const part of state.parts) outputs.push(await read(part));
  return { jobId, state, output: null, outputs, receipt };
}

type Part = JobState["parts"][number];

function endOf({ jobId, stop, kind }: JobState): Error {
  if (kind === "revoked")
    return new ClientError("TASK_REVOKED", `job ${jobId} was taken back before it was done`);
  return new RefusedError(stop?.code ?? "TASK_FAILED", stop?.reason ?? `job ${jobId} failed`);
}

export async function fetchJobReceipt(
  { door }: { door: Door },
  jobId: Digest,
): Promise<Uint8Array | null> {
  const answer = await coded(door.trpc.jobs.receipt.query({ jobId }));
  if (answer.kind === "pending") return null;
  const bytes = fromBase64(answer.receipt);
  if (bytes !== null) return bytes;
  throw new ClientError("ANSWER_INVALID", `the receipt of job ${jobId} is not base64`);
}

/** Bytes that hash to what the job's view, and so its receipt, says. */
async function outputOf(
  parts: RunParts,
  { orderId, resultHash }: Part,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  if (orderId === null || resultHash === null) return null;
  const found = await soon(parts.clock, () => concluded(parts, orderId as OrderId), signal);
  if (found === null || found.resultHash !== resultHash)
    throw new ClientError("RESULT_MISSING", `the output of order ${orderId} is not to be had here`);
  return found.output;
}

async function concluded(
  parts: RunParts,
  orderId: OrderId,
): Promise<{ output: Uint8Array; resultHash: string; outcome: Outcome } | null> {
  const answer = await fetchResult(parts, orderId, { unverified: false });
  if (answer.kind !== "concluded" || answer.output === null || answer.result === null) return null;
  const { output, outcome, result } = answer;
  return { output, outcome, resultHash: result.resultHash };
}
