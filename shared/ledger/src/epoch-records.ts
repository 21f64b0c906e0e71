import { milliseconds, nodeId } from "@meshwork/foundation";
import { networkProposalSchema } from "@meshwork/protocol";
import { z } from "zod";

/** What the ledger remembers of epochs, and of who may sit in the next. Committees are in `protocol`. */

const height = z
  .int()
  .min(0)
  .max(2 ** 48);

/** In Q16 of a point; more than a whole network earns. */
export const MAX_WEIGHT = 2n ** 63n - 1n;
const weight = z.bigint().min(0n).max(MAX_WEIGHT);

/** The epoch of the next block. */
export const epoch = z.strictObject({
  number: z.int().min(0),
  /** The active time at which it began. */
  start: milliseconds,
  /** Its last block. Null until its election. */
  lastHeight: height.nullable(),
  /** The version of the rules that hold. */
  protocolVersion: z.int().min(1).max(65_535),
  /** What more than two thirds of the seats want from the next epoch on. */
  adopted: networkProposalSchema.nullable(),
});
export type Epoch = z.infer<typeof epoch>;

/** What verified work has left behind, in Q16 of a point, and to whose candidacy it counts. */
export const contribution = z.strictObject({
  nodeId,
  /** The epoch of its first work. */
  since: z.int().min(0),
  /** The epoch that the numbers are of; `contributionAt` takes them on to a later one. */
  epoch: z.int().min(0),
  /** What counts in this epoch's election: it was there when the epoch began. */
  settled: weight,
  /** Came in this epoch. */
  fresh: weight,
  /** Whose candidacy it counts for in this epoch's election; null: its own. */
  candidate: nodeId.nullable(),
  /** The same, from the next epoch on. */
  nextCandidate: nodeId.nullable(),
});
export type Contribution = z.infer<typeof contribution>;

/** What a seat wants the network to run by, as it last said in this epoch. */
export const stance = z.strictObject({ nodeId, proposal: networkProposalSchema });
export type Stance = z.infer<typeof stance>;

/** Committees that evidence may be of: a ring, one leaf each. Two days of hourly epochs. */
const KEPT_COMMITTEES = 48;

export function committeeId(epoch: number): string {
  return `committee/${epoch % KEPT_COMMITTEES}`;
}
