import { assert } from "@meshwork/foundation";
import type { Committee } from "./committee.ts";

/** Rule 1: round-robin over height + view, so that a silent leader costs one view and not one height. */
export function leaderOf(
  committee: Pick<Committee, "order">,
  at: { height: number; view: number },
): number {
  const seat = committee.order[(at.height + at.view) % committee.order.length];
  assert(seat !== undefined, "a committee has an order of at least one seat");
  return seat;
}
