import { limits } from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { handOverSchema } from "./hand-over.ts";
import { rawBytes } from "./raw-bytes.ts";
import { provenHeader } from "./snapshot-manifest.ts";

/**
 * `/meshwork/sync/1`. `follow`: the server tells of each new head, with its proof, for as long as the
 * channel lives, and brings the blocks from a height on if they are wanted; the last word counts.
 * `range` and `hand-overs` are questions, answered in their order. Blocks are as they lie in the store.
 */

const height = z
  .int()
  .min(0)
  .max(2 ** 48);
const epoch = z
  .int()
  .min(0)
  .max(2 ** 31);

export const syncRequest = wire(
  z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("follow"),
      /** The first block wanted. */
      from: height,
      blocks: z.boolean(),
    }),
    /** Some blocks that are final already. */
    z.strictObject({
      kind: z.literal("range"),
      from: height,
      count: z.int().min(1).max(limits.syncBatchBlocks),
    }),
    /** How committees followed each other, from the end of this epoch on. */
    z.strictObject({ kind: z.literal("hand-overs"), from: epoch }),
  ]),
  { name: "sync request", maxBytes: 64 },
);
export type SyncRequest = z.infer<typeof syncRequest.schema>;

/** A `FinalizedBlock`, as it lies in the store. */
const encodedBlock = rawBytes(limits.blockBytes + 16_384);
/** Consecutive blocks, oldest first. */
const blocks = z.array(encodedBlock).min(1).max(limits.syncBatchBlocks);

export const syncReply = wire(
  z.discriminatedUnion("kind", [
    /** A claim with its proof: without one it would be anybody's word. Null before the first block. */
    z.strictObject({ kind: z.literal("head"), head: provenHeader.schema.nullable() }),
    /** What `follow` wanted. */
    z.strictObject({ kind: z.literal("blocks"), blocks }),
    /** The first of what `range` asked for: as many as a frame takes. */
    z.strictObject({ kind: z.literal("range"), from: height, blocks }),
    /** None: there is no later epoch. */
    z.strictObject({
      kind: z.literal("hand-overs"),
      handOvers: z.array(handOverSchema).max(limits.syncHandOvers),
    }),
    /** Instead of blocks: the server's chain begins after this one, at a snapshot. */
    z.strictObject({ kind: z.literal("begins-after"), height }),
  ]),
  { name: "sync reply", maxBytes: limits.syncFrameBytes },
);
export type SyncReply = z.infer<typeof syncReply.schema>;
