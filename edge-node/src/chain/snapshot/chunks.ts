import { type Digest, limits } from "@meshwork/foundation";
import { joinSnapshotLeaves, type SnapshotLeaf, snapshotLeaf } from "@meshwork/protocol";
import { Turns } from "./turns.ts";

export interface ChunkBounds {
  minBytes: number;
  maxBytes: number;
}

const protocolBounds: ChunkBounds = {
  minBytes: limits.snapshotChunkMinBytes,
  maxBytes: limits.snapshotChunkMaxBytes,
};

export interface EncodedChunk {
  readonly bytes: Uint8Array;
  readonly leaves: number;
}

/**
 * A state's leaves, which come in the order of their keys, in chunks. The same state gives the same chunks
 * on every machine, and a leaf that came or went since the last snapshot changes one chunk or two: a
 * chunk ends at a key that says so, wherever it began. A node that votes does this while it runs, so
 * it is done in small pieces.
 */
export async function* chunksOf(
  leaves: Iterable<SnapshotLeaf>,
  bounds: ChunkBounds = protocolBounds,
): AsyncGenerator<EncodedChunk> {
  const turns = new Turns();
  let [chunk, sizeBytes]: [Uint8Array[], number] = [[], FRAME_BYTES];
  for (const leaf of leaves) {
    if (turns.isOver) await turns.next();
    const encoded = snapshotLeaf.encode(leaf);
    if (sizeBytes + encoded.length > bounds.maxBytes) {
      yield joined(chunk);
      [chunk, sizeBytes] = [[], FRAME_BYTES];
    }
    chunk.push(encoded);
    sizeBytes += encoded.length;
    if (sizeBytes - FRAME_BYTES < bounds.minBytes || !isLast(leaf.key)) continue;
    yield joined(chunk);
    [chunk, sizeBytes] = [[], FRAME_BYTES];
  }
  if (chunk.length > 0) yield joined(chunk);
}

/** What CBOR puts around a chunk's leaves, at the longest. */
const FRAME_BYTES = 6;

/** Keys are hashes: one in 1,024 ends like this. Leaves have some 300 bytes, so 0.3 MB follow on average. */
const isLast = (key: Digest): boolean => /[048c]00$/.test(key);

const joined = (leaves: readonly Uint8Array[]): EncodedChunk => ({
  bytes: joinSnapshotLeaves(leaves),
  leaves: leaves.length,
});
