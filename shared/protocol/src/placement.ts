import { z } from "zod";
import { runtimeId } from "./contract.ts";

/**
 * What the draw knows of a task beside its price: the contract itself is hidden from the ledger. So a
 * requester says here what a node must offer, and where it should stand.
 */

export const regionName = z.string().regex(/^[a-z0-9-]{1,32}$/);

/** How far a node is from the relay that measured it: an index of `latencyBoundsMs`, or the class beyond. */
export const latencyClass = z.int().min(0).max(3);
export type LatencyClass = z.infer<typeof latencyClass>;

/** Round trips: of one site, of one region, of one ocean's shores. */
export const latencyBoundsMs = [10, 40, 150] as const;
export const FARTHEST: LatencyClass = latencyBoundsMs.length;

export function latencyClassOf(roundTripMs: number): LatencyClass {
  const index = latencyBoundsMs.findIndex((bound) => roundTripMs <= bound);
  return index < 0 ? FARTHEST : index;
}

/** What one run may need, or one sandbox of a node has. */
export const memoryMiB = z.int().min(0).max(65_536);

export const placement = z.strictObject({
  /** Only nodes that offer it are drawn. Null: it stays hidden, and who cannot run it declines. */
  runtime: runtimeId.nullable(),
  /** Only nodes whose sandboxes have as much are drawn. */
  memoryMiB,
  /** Nodes there are drawn sooner; null: anywhere alike. */
  region: regionName.nullable(),
  /** Nodes elsewhere are not drawn at all: whatever the region is named for matters more than speed. */
  onlyThere: z.boolean(),
  /** Nodes of this class are near enough; each class beyond halves the chance. */
  latencyClass,
});
export type Placement = z.infer<typeof placement>;

/** No wishes: every node that takes work is as good as any other. */
export const ANYWHERE: Placement = {
  runtime: null,
  memoryMiB: 0,
  region: null,
  onlyThere: false,
  latencyClass: FARTHEST,
};
