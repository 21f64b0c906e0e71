import { contentId } from "@meshwork/foundation";
import { wire } from "@meshwork/protocol";
import { z } from "zod";

/**
 * What a node answers on the stream `requestNames.snapshot`: the newest snapshot that it keeps. Its manifest
 * and its chunks are then fetched as any content is, from whoever has them.
 */
export const snapshotOffer = wire(
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("none") }),
    z.strictObject({
      kind: z.literal("offer"),
      /** A claim, good for choosing whom to ask first; what counts is in the manifest. */
      height: z
        .int()
        .min(1)
        .max(2 ** 48),
      manifest: contentId,
    }),
  ]),
  { name: "snapshot offer", maxBytes: 128 },
);
