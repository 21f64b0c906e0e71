import { digest, limits } from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { handOverSchema } from "./hand-over.ts";
import { jobSchema } from "./job.ts";
import { merkleRoot } from "./merkle.ts";
import { receipt } from "./receipt.ts";

/** How one order of a job ended. */
const jobEndSchema = z.strictObject({
  /** Which of the part's attempts this is: the last. */
  attempt: z
    .int()
    .min(0)
    .max(limits.jobAttempts - 1),
  /** Of a part's output that the reduction reads: its contract names it. Null when nobody reads one. */
  outputBytes: z.int().min(0).max(limits.outputBytes).nullable(),
  /** Without hand-overs: those of the job serve all. */
  receipt: receipt.schema,
});
export type JobEnd = z.infer<typeof jobEndSchema>;
export const jobEnd = wire(jobEndSchema, { name: "end of a job's part", maxBytes: 2_097_152 });

/**
 * What the requester of a job takes home: the receipt of each part and of the reduction, and the job that
 * he signed. The job fixes the id of every order, and the reduction's order fixes what it read: so no part
 * can be left out, swapped, or brought from elsewhere. `verify/verify-job-receipt` holds it against that.
 */
export const jobReceipt = wire(
  z.strictObject({
    version: z.literal(1),
    job: jobSchema,
    /** In order, one an input. */
    parts: z.array(jobEndSchema).min(1).max(limits.jobParts),
    reduce: jobEndSchema.nullable(),
    /** Of the receipts, in order: one digest names them all. */
    root: digest,
    handOver: z.array(handOverSchema).max(limits.receiptHandOvers),
  }),
  { name: "job receipt", maxBytes: limits.jobReceiptBytes },
);
export type JobReceipt = z.infer<typeof jobReceipt.schema>;

/** RFC 6962 over the canonical bytes of the receipts: the parts', then the reduction's. */
export const jobReceiptRoot = ({ parts, reduce }: Pick<JobReceipt, "parts" | "reduce">) =>
  merkleRoot(
    [...parts, ...(reduce === null ? [] : [reduce])].map((end) => receipt.encode(end.receipt)),
  );

/** Whether an order came to an output: then it counts for its job, under whatever label it was checked. */
export const outputOf = ({ receipt: { task } }: Pick<JobEnd, "receipt">) => {
  const result = task.conclusion?.result ?? null;
  return result === null || result.fault !== null ? null : result.resultHash;
};
