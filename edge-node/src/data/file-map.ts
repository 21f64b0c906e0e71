import { CHUNK_SEAL_BYTES, type ChunkPlace, openChunk, sha256Hex } from "@meshwork/crypto";
import { type Digest, digest, type FileId, fromHex, limits } from "@meshwork/foundation";
import { wire } from "@meshwork/protocol";
import { fileIdOf } from "@meshwork/storage";
import { z } from "zod";
import { FileError } from "./file-error.ts";

/** The most chunks that a file has. */
const CHUNKS = Math.ceil(limits.fileBytes / limits.fileChunkBytes);

/**
 * Where a file's chunks lie sealed, and what opens them. The map itself is an object, sealed under the key of
 * each order that names the file: so the file is sealed once, whatever the number of its orders.
 */
export const fileMap = wire(
  z.strictObject({
    sizeBytes: z
      .int()
      .min(limits.fileChunkBytes + 1)
      .max(limits.fileBytes),
    key: digest,
    /** Sha-256 of each chunk, plain and sealed: objects by both names. */
    chunks: z
      .array(z.strictObject({ plain: digest, sealed: digest }))
      .min(2)
      .max(CHUNKS),
  }),
  { name: "file map", maxBytes: 128 + 70 * CHUNKS },
);
export type FileMap = z.infer<typeof fileMap.schema>;

/** As an object, sealed. */
export const FILE_MAP_BYTES = 128 + 70 * CHUNKS + limits.sealOverheadBytes;

export const SEALED_CHUNK_BYTES = limits.fileChunkBytes + CHUNK_SEAL_BYTES;

/** How many chunks a file of this size has, and how long each is. */
export const chunkCount = (sizeBytes: number): number =>
  Math.ceil(sizeBytes / limits.fileChunkBytes);
export const chunkBytesAt = (sizeBytes: number, index: number): number =>
  Math.min(limits.fileChunkBytes, sizeBytes - index * limits.fileChunkBytes);

/** @throws FileError unless these are the hashes of the chunks of the file of that name and size. */
export function checkChunkList(
  { id, sizeBytes }: { id: FileId; sizeBytes: number },
  plain: readonly Digest[],
): void {
  const isSize = sizeBytes > limits.fileChunkBytes && sizeBytes <= limits.fileBytes;
  const fits = isSize && plain.length === chunkCount(sizeBytes);
  if (fits && fileIdOf(plain, sizeBytes) === id) return;
  throw new FileError(
    "FILE_HASH_MISMATCH",
    `the ${plain.length} chunks that are listed are not those of ${id} with ${sizeBytes} bytes: cut it every ${limits.fileChunkBytes} bytes, and hash each piece with SHA-256`,
    { detail: { id, sizeBytes } },
  );
}

/** A chunk as it is, from its sealed bytes. @throws FileError when they are not that chunk, sealed for its place. */
export function openPlaced(
  place: ChunkPlace,
  plain: Digest | null,
  sealed: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const chunk = openChunk(place, sealed);
  if (chunk !== null && sha256Hex(chunk) === plain) return chunk;
  const { file: id, index } = place;
  throw new FileError(
    "FILE_HASH_MISMATCH",
    `what lies sealed as chunk ${index} of ${id} is not that chunk: the requester's node sealed other data than the file's name stands for`,
    { detail: { id, index } },
  );
}

export const openMapped = (
  { id, map }: { id: FileId; map: FileMap },
  index: number,
  sealed: Uint8Array,
): Uint8Array<ArrayBuffer> =>
  openPlaced({ key: fromHex(map.key), file: id, index }, map.chunks[index]?.plain ?? null, sealed);
