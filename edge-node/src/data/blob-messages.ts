import { contentId, limits } from "@meshwork/foundation";
import { wire } from "@meshwork/protocol";
import { z } from "zod";

/**
 * `/meshwork/blobs/1`: one stream carries one object. The asker says what, the other side answers, and
 * the object's bytes follow as frames of at most `blobChunkBytes` until the size is reached.
 *
 *     get   asker → get            server → found, chunks…   or refused
 *     put   asker → put            server → ready   or refused
 *           asker → chunks…        server → stored  or refused
 */

/** Objects travel sealed. */
const sizeBytes = z
  .int()
  .min(0)
  .max(limits.inputBytes + limits.sealOverheadBytes);

export const blobRequest = wire(
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("get"), id: contentId, maxBytes: sizeBytes }),
    z.strictObject({ kind: z.literal("put"), id: contentId, sizeBytes }),
  ]),
  { name: "blob request", maxBytes: 256 },
);
export type BlobRequest = z.infer<typeof blobRequest.schema>;

export const blobRefusal = z.enum([
  "BLOB_MISSING",
  "BLOB_TOO_LARGE",
  "BLOB_BUSY",
  "BLOB_QUOTA_EXCEEDED",
  "BLOB_UNWELCOME",
  "BLOB_HASH_MISMATCH",
]);

export const blobReply = wire(
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("found"), sizeBytes }),
    z.strictObject({ kind: z.literal("ready") }),
    z.strictObject({ kind: z.literal("stored") }),
    z.strictObject({ kind: z.literal("refused"), code: blobRefusal }),
  ]),
  { name: "blob reply", maxBytes: 256 },
);
export type BlobReply = z.infer<typeof blobReply.schema>;
