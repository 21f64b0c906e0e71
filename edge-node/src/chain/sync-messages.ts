import { limits } from "@meshwork/foundation";
import { rawBytes, wire } from "@meshwork/protocol";
import { z } from "zod";

/**
 * `/meshwork/sync/1`. The follower says from where on, and whether it wants blocks or only to hear of
 * heights; the last word counts. The server pushes for as long as the channel lives.
 */

const height = z
  .int()
  .min(0)
  .max(2 ** 48);

export const syncRequest = wire(
  z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("follow"),
      /** The first block wanted. */
      from: height,
      blocks: z.boolean(),
    }),
  ]),
  { name: "sync request", maxBytes: 64 },
);
export type SyncRequest = z.infer<typeof syncRequest.schema>;

/** A `FinalizedBlock`, as it lies in the store. */
const encodedBlock = rawBytes(limits.blockBytes + 16_384);

export const syncReply = wire(
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("head"), height }),
    /** Consecutive blocks, oldest first. */
    z.strictObject({
      kind: z.literal("blocks"),
      blocks: z.array(encodedBlock).min(1).max(limits.syncBatchBlocks),
    }),
  ]),
  { name: "sync reply", maxBytes: limits.syncFrameBytes },
);
export type SyncReply = z.infer<typeof syncReply.schema>;
