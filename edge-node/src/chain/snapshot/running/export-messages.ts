import { limits } from "@meshwork/foundation";
import { snapshotManifest, wire } from "@meshwork/protocol";
import { z } from "zod";

/**
 * What a process of the same user asks a running node for, over a socket in the node's folder. One
 * connection, one question:
 *
 *     state    asker → state      node → state, chunks…, an empty frame    or refused
 *     blocks   asker → blocks     node → blocks, then of each block itself and its facts, an empty frame
 *
 * A connection that ends without the empty frame was cut.
 */

const height = z
  .int()
  .min(0)
  .max(2 ** 48);

export const exportRequest = wire(
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("state") }),
    /** Final blocks, both ends included. */
    z.strictObject({ kind: z.literal("blocks"), from: height, to: height }),
  ]),
  { name: "export request", maxBytes: 64 },
);
export type ExportRequest = z.infer<typeof exportRequest.schema>;

export const exportRefusal = z.enum(["BACKUP_BUSY", "BACKUP_NO_BLOCKS", "BACKUP_INTERRUPTED"]);

const { header, certificate, handOver } = snapshotManifest.schema.shape;

export const exportReply = wire(
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("state"), header, certificate, handOver }),
    /** The range as far as this node has it; empty where `to` is below `from`. */
    z.strictObject({ kind: z.literal("blocks"), from: height, to: height }),
    z.strictObject({ kind: z.literal("refused"), code: exportRefusal }),
  ]),
  { name: "export reply", maxBytes: limits.snapshotManifestBytes },
);
export type ExportReply = z.infer<typeof exportReply.schema>;
