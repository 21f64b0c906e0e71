import {
  contentId,
  digest,
  fuel,
  limits,
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
import { findingKind, outcome } from "./verdict.ts";

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
  /** What a verifier laid on the ledger, by which a panel can judge him: a finding a committed worker. */
  said: z
    .strictObject({
      verdictHash: digest,
      seed: digest,
      findings: z.array(findingKind).max(limits.replicas),
    })
    .nullable(),
});
export type TaskPlace = z.infer<typeof taskPlace>;

/**
 * Who judges when the verifiers do not agree, say nothing, or are doubted: nodes that had no part in the
 * task yet, drawn by a beacon that nobody knew when that became known.
 */
export const taskPanel = z.strictObject({
  /** `appeal`: somebody staked a bond on that the verdict before it was wrong. */
  cause: z.enum(["disagreement", "silence", "appeal"]),
  /** Seats wanted; fewer were drawn where nodes are few. */
  size: z.int().min(1).max(limits.verifiers),
  /** The height that fixed what its draw decides on. */
  fixedHeight: height,
  drawHeight: height.nullable(),
  /** Its members in draw order, then those who replace who does not come. Empty before the draw. */
  ranks: z.array(nodeId).max(2 * limits.verifiers),
  /** Every call that was ever made, as with verifiers. */
  seats: z.array(taskPlace).max(2 * limits.verifiers),
  /** Active time by which its verdict is due; null until it sits. */
  verdictDeadline: milliseconds.nullable(),
});
export type TaskPanel = z.infer<typeof taskPanel>;

/** What a verdict took from one worker, so that an appeal can give it back. */
export const taskPenalty = z.strictObject({
  node: nodeId,
  bond: points,
  vesting: points,
  /** Clean verdicts that were struck. */
  clean: z.int().min(0),
  /** Whether it counts as a failure, and the active time until which it suspends. */
  failed: z.boolean(),
  suspendedUntil: milliseconds,
});
export type TaskPenalty = z.infer<typeof taskPenalty>;

export const taskAppeal = z.strictObject({
  by: nodeId,
  height,
  /** Burnt if the verdict stands. What the panel costs was staked beside it. */
  bond: points,
  /** Null while it is heard, and when no panel could decide it. */
  upheld: z.boolean().nullable(),
});

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
  /** Whose verdict it is: that panel's, counted from 0; null: the verifiers', or nobody's. */
  panel: z.int().min(0).max(1).nullable(),
  /** Active time until which an appeal is heard. */
  appealUntil: milliseconds,
  penalties: z.array(taskPenalty).max(limits.replicas),
});
export type TaskConclusion = z.infer<typeof taskConclusion>;

const taskQueue = z.strictObject({
  /** The height at which it was put there last: it waits unless its next draw was fixed since. */
  since: height,
  /** The least goes first: the time at which it came, less what its priority is worth. */
  rank: milliseconds,
  /** In active time: then it has waited in vain. */
  until: milliseconds,
});

export const taskRecordSchema = z.strictObject({
  orderId,
  requester: nodeId,
  requesterKey: publicKey,
  order: taskOrder,
  submitted: z.strictObject({ height, time: milliseconds }),
  escrow: points,
  phase: z.enum(["submitted", "running", "closed", "audit", "panel", "done"]),
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
  /** Of this attempt: for want of a verdict, and upon an appeal. The last one sits, or sat last. */
  panels: z.array(taskPanel).max(2),
  appeal: taskAppeal.nullable(),
  /** Not drawn yet since all suitable nodes are busy; null for an order that found room at once. */
  queue: taskQueue.nullable(),
});
export const taskRecord = wire(taskRecordSchema, { name: "task record", maxBytes: 65_536 });
export type TaskRecord = z.infer<typeof taskRecordSchema>;

/** Waits for nodes to come free; else its draw is due as soon as the beacon allows. */
export const isQueued = ({ phase, queue, fixedHeight }: TaskRecord): boolean =>
  phase === "submitted" && queue !== null && queue.since > fixedHeight;

export const isLive = (place: TaskPlace): boolean =>
  place.state !== "declined" && place.state !== "missed";

/** The closed set: workers whose commitment stands on the ledger, in call order. */
export const closedSet = (task: TaskRecord): TaskPlace[] =>
  task.workers.filter((place) => place.state === "committed");

/** The verifiers who may sign: they committed their seed before the close. */
export const seatedVerifiers = (task: TaskRecord): TaskPlace[] =>
  task.verifiers.filter(({ state }) => state === "accepted" || state === "attested");
