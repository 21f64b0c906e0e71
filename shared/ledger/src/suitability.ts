import { FARTHEST, type LatencyClass, type Placement } from "@meshwork/protocol";
import type { Lease, NodeState } from "./records.ts";

/**
 * How well a node suits an order beside what it has earned: in parts of `WHOLE`, which only lowers a
 * weight. The least part is far above nothing, since a wish must not make a draw foreseeable.
 */
export const WHOLE = 64;

/** The least that each of nearness and free capacity leaves of a chance. */
const LEAST_PART = WHOLE / 8;

export function suitabilityOf(
  { lease, assigned }: Pick<NodeState, "lease" | "assigned">,
  wanted: Placement,
): number {
  if (lease === null) return 0;
  return Math.floor((nearnessOf(lease, wanted) * freePartOf(lease, assigned)) / WHOLE);
}

/** Whether a relay of that region has found the node within its own region's reach. */
export const standsIn = ({ nearness }: Pick<Lease, "nearness">, region: string): boolean =>
  nearness !== null && nearness.region === region && nearness.latencyClass <= SAME_REGION;

/** The second of `latencyBoundsMs`. */
const SAME_REGION: LatencyClass = 1;

/** Halved in another region, and by each class beyond what is near enough. Who was not measured is far. */
function nearnessOf(lease: Lease, { region, latencyClass }: Placement): number {
  const distance = (lease.nearness?.latencyClass ?? FARTHEST) - latencyClass;
  const elsewhere = region !== null && !standsIn(lease, region) ? 1 : 0;
  return Math.max(LEAST_PART, WHOLE >> (Math.max(0, distance) + elsewhere));
}

/**
 * The free part of its places, not their number: a large number costs nothing to announce, and would
 * draw all work to whoever says the largest. More places than processors are slow ones.
 */
function freePartOf({ capacity, cpus }: Lease, assigned: number): number {
  const places = Math.max(1, Math.min(capacity, cpus));
  return Math.max(LEAST_PART, Math.floor((WHOLE * Math.max(0, places - assigned)) / places));
}
