import { digest, orderId } from "@meshwork/foundation";
import { outcome } from "@meshwork/protocol";
import { z } from "zod";
import { bytesAsBase64 } from "./base64.ts";

/** What the API shows of jobs, one schema each; edge-node's `requester/jobs/job-view` makes them. */

const part = z.object({
  index: z.int().min(0),
  attempt: z.int().min(0),
  /** Null before the order is placed. Its result and receipt are those of any order. */
  orderId: orderId.nullable(),
  stage: z.enum(["waiting", "pending", "submitted", "running", "closed", "audit", "panel", "done"]),
  stepsDone: z.int().min(0),
  steps: z.int().min(0),
  outcome: outcome.nullable(),
  resultHash: digest.nullable(),
});
export type JobPart = z.output<typeof part>;

export const jobView = z.object({
  jobId: digest,
  /** `failed` and `revoked` say why in `stop`. */
  kind: z.enum(["collecting", "mapping", "reducing", "done", "failed", "revoked"]),
  /** Objects that have not come yet. */
  missing: z.int().min(0),
  failures: z.int().min(0),
  maxFailures: z.int().min(0),
  parts: z.array(part),
  reduce: part.nullable(),
  stop: z.object({ code: z.string(), reason: z.string() }).nullable(),
});
export type JobState = z.output<typeof jobView>;

export const jobReceiptAnswer = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("pending"), jobId: digest }),
  /** The canonical bytes of `protocol/job-receipt`, in base64. */
  z.object({ kind: z.literal("ready"), jobId: digest, receipt: bytesAsBase64 }),
]);
