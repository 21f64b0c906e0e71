import {
  contentId,
  digest,
  fuel,
  milliseconds,
  nodeId,
  orderId,
  points,
  publicKey,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { faultCode } from "./commitment.ts";
import { q16, taskOrder } from "./task-order.ts";
import { outcome } from "./verdict.ts";

/** What the ledger knows of a task: the leaf that a receipt proves. */

const height = z
  .int()
  .min(0)
  .max(2 ** 48);

/** One place of the task and who holds it. A place that is lost passes to the next rank. */
export const taskPlace = z.strictObject({
  node: nodeId,
  /** The node's key when it was called. */
  key: publicKey,
  rank: z.int().min(0).max(1_024),
  /** `attested`: a verifier who laid his word on the ledger, because no proof had come. */
  state: z.enum(["called", "accepted", "committed", "declined", "missed", "attested"]),
  /** Active time by which the next step is due; null when none is. */
  deadline: milliseconds.nullable(),
  /** A worker's result commitment, or a verifier's seed commitment. */
  commitment: digest.nullable(),
  /** What a worker showed on the ledger itself, because no proof had come. */
  shown: z.strictObject({ traceRoot: digest, fuel }).nullable(),
});
export type TaskPlace = z.infer<typeof taskPlace>;

export const taskConclusion = z.strictObject({
  outcome,
  height,
  /** SM3 of the Proof-of-Task; null when the ledger itself ended the task. */
  proofHash: digest.nullable(),
  result: z
    .strictObject({
      resultHash: digest,
      traceRoot: digest,
      steps: z.int(),
      fuel,
      fault: faultCode.nullable(),
      sealedOutput: contentId,
    })
    .nullable(),
  /** Distinct samples of all signing verifiers, of `steps` segments; 0 when nothing was audited. */
  segmentsSampled: z.int().min(0),
  paid: points,
  burnt: points,
  refunded: points,
  /** Active time from which the ledger forgets the task. */
  keptUntil: milliseconds,
});
export type TaskConclusion = z.infer<typeof taskConclusion>;

export const taskRecordSchema = z.strictObject({
  orderId,
  requester: nodeId,
  requesterKey: publicKey,
  order: taskOrder,
  submitted: z.strictObject({ height, time: milliseconds }),
  escrow: points,
  phase: z.enum(["submitted", "running", "closed", "audit", "done"]),
  attempt: z.int().min(0).max(15),
  /** The nodes in draw order: workers, verifiers, substitutes, panel. Empty before the draw. */
  ranks: z.array(nodeId).max(1_024),
  /** Caps that had to be relaxed because nodes were few, in order. */
  relaxed: z.array(z.enum(["operator", "probation"])).max(2),
  drawHeight: height.nullable(),
  nextRank: z.int().min(0).max(1_024),
  /** Every call that was ever made, in order; the live ones are those not declined or missed. */
  workers: z.array(taskPlace).max(64),
  verifiers: z.array(taskPlace).max(64),
  closeHeight: height.nullable(),
  /** Drawn after the close. `rate` is what chance was held against. */
  audit: z
    .strictObject({ height, mode: z.enum(["none", "segments", "full"]), rate: q16 })
    .nullable(),
  /** Active time by which the verdict is due; null before the close. */
  verdictDeadline: milliseconds.nullable(),
  conclusion: taskConclusion.nullable(),
  /** The height that fixed what the next draw of nodes decides on: who came later is not drawn. */
  fixedHeight: height,
});
export const taskRecord = wire(taskRecordSchema, { name: "task record", maxBytes: 65_536 });
export type TaskRecord = z.infer<typeof taskRecordSchema>;

export const isLive = (place: TaskPlace): boolean =>
  place.state !== "declined" && place.state !== "missed";

/** The closed set: workers whose commitment stands on the ledger, in call order. */
export const closedSet = (task: TaskRecord): TaskPlace[] =>
  task.workers.filter((place) => place.state === "committed");

/** The verifiers who may sign: they committed their seed before the close. */
export const seatedVerifiers = (task: TaskRecord): TaskPlace[] =>
  task.verifiers.filter(({ state }) => state === "accepted" || state === "attested");
