import { digest, fuel, limits, nodeId, points } from "@meshwork/foundation";
import { z } from "zod";
import { placement } from "./placement.ts";
import { work } from "./work.ts";

/**
 * A task order is the body of a `submit` transaction: the requester signs it once, and the
 * transaction's id is the order's id.
 */

/** Shares and rates are Q16 fixed point: 65,536 is one. */
export const q16 = z.int().min(0).max(65_536);

export const verificationPolicy = z.strictObject({
  /** Independent runs of the whole task. */
  replicas: z.int().min(1).max(limits.replicas),
  verifiers: z.int().min(1).max(limits.verifiers),
  /** Segments that each verifier runs again when the task is audited. */
  segmentsPerVerifier: z.int().min(1).max(64),
  /** The task is audited at least at this rate, whatever trust its workers have earned. */
  auditRate: q16,
});
export type VerificationPolicy = z.infer<typeof verificationPolicy>;

const deadlineMs = z
  .int()
  .min(100)
  .max(24 * 3_600_000);

/** Each stage of a task has its own deadline, so that each delay has one owner. */
export const deadlines = z.strictObject({
  /** From the draw until a drawn node has accepted. */
  matchMs: deadlineMs,
  /** From a worker's `accept` until his `commit`. */
  runMs: deadlineMs,
  /** From the close until the verdict stands on the ledger. */
  deliverMs: deadlineMs,
});
export type Deadlines = z.infer<typeof deadlines>;

export const taskOrder = z.strictObject({
  contractHash: digest,
  /** The node that keeps the data for the drawn nodes and takes the result: only its dispatch counts. */
  gateway: nodeId,
  policy: verificationPolicy,
  /** 0 is the lowest. */
  priority: z.int().min(0).max(3),
  deadlines,
  /** The most that the task may cost; it is escrowed, and what is not spent comes back. */
  priceCeiling: points,
  /**
   * The most that one run may burn, as the contract says it. The ledger holds deadlines and ceiling
   * against it, so that no order can be placed that nobody could fill.
   */
  maxFuel: fuel,
  work,
  /** Who may be drawn, and who is drawn sooner. */
  placement,
});
export type TaskOrder = z.infer<typeof taskOrder>;
