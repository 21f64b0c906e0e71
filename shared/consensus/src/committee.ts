import type { NodeId } from "@meshwork/foundation";

/** Who decides the heights of one epoch. One seat, one vote. */
export interface Committee {
  readonly epoch: number;
  /** By seat; at least four. */
  readonly members: readonly NodeId[];
  /** Every seat once, in the order in which they lead: shuffled by the epoch's beacon. */
  readonly order: readonly number[];
  /** My seat. Null: a follower counts votes and commits, and never votes. */
  readonly seat: number | null;
}

/** More than a third: with at most f liars among them, one at least is honest. */
export const isOneHonest = (count: number, committee: Committee): boolean =>
  3 * count > committee.members.length;
