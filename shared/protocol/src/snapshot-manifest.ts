import { assert, chainId, contentId, digest, limits } from "@meshwork/foundation";
import { z } from "zod";
import { headerSchema } from "./block.ts";
import { wire } from "./canonical.ts";
import { certificateSchema } from "./certificate.ts";
import { handOverSchema } from "./hand-over.ts";
import { rawBytes } from "./raw-bytes.ts";

/** A header with its proof that its block is final; the block itself is not needed to believe it. */
const provenHeaderSchema = z.strictObject({ header: headerSchema, certificate: certificateSchema });
export const provenHeader = wire(provenHeaderSchema, { name: "proven header", maxBytes: 20_480 });
export type ProvenHeader = z.infer<typeof provenHeaderSchema>;

const leaf = z.strictObject({ key: digest, value: rawBytes(limits.stateLeafBytes) });
export type SnapshotLeaf = z.infer<typeof leaf>;

/** One leaf as it stands in a chunk, for who makes a chunk piece by piece: see `joinSnapshotLeaves`. */
export const snapshotLeaf = wire(leaf, {
  name: "snapshot leaf",
  maxBytes: limits.snapshotChunkMaxBytes,
});

/** A part of a state: leaves as a store keeps them, in the order of their keys. */
export const snapshotChunk = wire(z.strictObject({ leaves: z.array(leaf).min(1) }), {
  name: "snapshot chunk",
  maxBytes: limits.snapshotChunkMaxBytes,
});

/** The very bytes of `snapshotChunk`, from leaves that are encoded already. */
export function joinSnapshotLeaves(leaves: readonly Uint8Array[]): Uint8Array {
  assert(leaves.length > 0, "a chunk has a leaf");
  const head = chunkHead(leaves.length);
  const bytes = new Uint8Array(leaves.reduce((sum, { length }) => sum + length, head.length));
  bytes.set(head);
  let at = head.length;
  for (const leaf of leaves) {
    bytes.set(leaf, at);
    at += leaf.length;
  }
  return bytes;
}

/** CBOR: an array of one, the shortest head of an array of so many. */
function chunkHead(leaves: number): number[] {
  if (leaves < 24) return [0x81, 0x80 + leaves];
  if (leaves < 2 ** 8) return [0x81, 0x98, leaves];
  if (leaves < 2 ** 16) return [0x81, 0x99, leaves >> 8, leaves & 0xff];
  return [0x81, 0x9a, 24, 16, 8, 0].map((part, i) => (i < 2 ? part : (leaves >>> part) & 0xff));
}

const count = z
  .int()
  .min(1)
  .max(2 ** 48);

const chunkRef = z.strictObject({ content: contentId, leaves: count, sizeBytes: count });
export type SnapshotChunkRef = z.infer<typeof chunkRef>;

/**
 * The whole state after one final block, by the content of its chunks. It is written last, so that where
 * there is a manifest there was a snapshot; who reads it believes the certificate, and nothing else.
 */
export const snapshotManifest = wire(
  z.strictObject({
    /** First in every format to come: a reader must be able to tell a newer one from damage. */
    format: z.literal(1),
    chainId,
    height: z
      .int()
      .min(1)
      .max(2 ** 48),
    header: headerSchema,
    certificate: certificateSchema,
    /** From the genesis's committee, or a checkpoint's, to that of the header: one an epoch. */
    handOver: z.array(handOverSchema).max(limits.handOvers),
    chunks: z.array(chunkRef).min(1).max(limits.snapshotChunks),
    totals: z.strictObject({ leaves: count, sizeBytes: count }),
  }),
  { name: "snapshot manifest", maxBytes: limits.snapshotManifestBytes },
);
export type SnapshotManifest = z.infer<typeof snapshotManifest.schema>;

/** What format these bytes say that they are of, readable or not; null for what is no manifest. */
export function snapshotFormatOf([array = 0, format = 0]: Uint8Array): number | null {
  // CBOR: an array, and in it a number below 24 that is its own byte.
  return array >> 5 === 4 && format < 24 ? format : null;
}
