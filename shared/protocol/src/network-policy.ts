import { limits, points } from "@meshwork/foundation";
import { z } from "zod";
import { q16 } from "./task-order.ts";

const durationMs = z
  .int()
  .min(1)
  .max(366 * 24 * 3_600_000);

/** The rules of one network that are numbers; its genesis fixes them. */
export const networkPolicy = z.strictObject({
  /** `vouched`: a newcomer needs a voucher. `open`: anybody registers, and gets no grant. */
  admission: z.enum(["open", "vouched"]),
  registerPrice: points,
  /** How long a `renew` keeps a node eligible, in active time. */
  leaseMs: durationMs,
  /** An idle network makes a block this often, so that active time goes on. Under 60 s. */
  heartbeatMs: z.int().min(1_000).max(59_000),
  /** How many ranks are drawn for each place, so that substitutes are at hand. */
  drawFactor: z.int().min(1).max(8),
  /** Places of one task that one operator's nodes may hold; 0 lifts the cap. */
  operatorCap: z.int().min(0).max(64),
  /** The share of the draw weight that all newcomers hold together; one lifts the cap. */
  probationShare: q16,
  /** Clean verdicts that end the probation. */
  probationVerdicts: z.int().min(0).max(1_000),
  /** Below it a node counts as a newcomer: were it never drawn, it could never earn trust again. */
  reputationFloor: q16,
  /** Staked at each `accept`; burnt for a wrong result or a no-show. */
  bond: points,
  /**
   * The bond is no less than so many runs at the order's own price, so that no order is worth lying for.
   * 0: the bond is the same for all.
   */
  bondRuns: z.int().min(0).max(1_000),
  /** Burnt for each order, so that spam costs. */
  submitPrice: points,
  /** Paid per 10^9 fuel and executed run, workers and verifiers alike. */
  pricePerGigafuel: points,
  /** The share of what a task costs that is burnt: self-dealing loses at least this. */
  burnShare: q16,
  verifierShare: q16,
  /** Nobody's work is audited more seldom. */
  auditFloor: q16,
  /** Clean verdicts over which earned points vest. */
  vestingVerdicts: z.int().min(1).max(1_000),
  /** The first suspension; each further one doubles. */
  suspensionMs: durationMs,
  /** No deadline of an order may be shorter: who is called must have time to answer. */
  minStageMs: durationMs,
  /** Run and verdict may take this much longer for each 10^9 fuel that the order allows. */
  minMsPerGigafuel: z.int().min(0).max(3_600_000),
  /** The share of his pay that a worker gets who showed his result in time when no verdict comes. */
  unjudgedShare: q16,
  /** Burnt when an order is revoked after its draw. */
  cancelFee: points,
  /** What each gets who had accepted a place of an order that is revoked. */
  acceptFee: points,
  /** How often the nodes of one task are drawn before its requester gets his points back. */
  maxAttempts: z.int().min(1).max(16),
  /** Clean verdicts a day that one operator's orders can give a node. */
  evidencePerDay: z.int().min(1).max(1_000_000),
  /** How long the record of a done task stays, in active time: until then its receipt can be fetched. */
  taskKeptMs: durationMs,
  /** A node that was registered and never used is forgotten after so much active time. */
  unusedMs: durationMs,
  /** The committee is elected anew after so much active time. */
  epochMs: durationMs,
  /** Heights from the election to the end of the epoch, so that those who come in can catch up. */
  handOverBlocks: z.int().min(1).max(1_000),
  /** What these heights take at least: they are paced. */
  handOverMs: durationMs,
  /** Seats when there are enough candidates. */
  committeeSeats: z.int().min(limits.committeeSeatsMin).max(limits.committeeSeats),
  /** Epochs since its first work that must have passed before a node can be elected. */
  seatAgeEpochs: z.int().min(0).max(100_000),
  /** The part of a contribution that is left after each epoch. */
  contributionKept: q16,
});
export type NetworkPolicy = z.infer<typeof networkPolicy>;
