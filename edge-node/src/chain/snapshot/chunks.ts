import { type Digest, limits } from "@meshwork/foundation";
import { type SnapshotLeaf, snapshotChunk } from "@meshwork/protocol";

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
 * chunk ends at a key that says so, wherever it began.
 */
export function* chunksOf(
  leaves: Iterable<SnapshotLeaf>,
  bounds: ChunkBounds = protocolBounds,
): Generator<EncodedChunk> {
  let [chunk, sizeBytes]: [SnapshotLeaf[], number] = [[], FRAME_BYTES];
  for (const leaf of leaves) {
    const leafBytes = LEAF_FRAME_BYTES + leaf.value.length;
    if (sizeBytes + leafBytes > bounds.maxBytes) {
      yield encoded(chunk);
      [chunk, sizeBytes] = [[], FRAME_BYTES];
    }
    chunk.push(leaf);
    sizeBytes += leafBytes;
    if (sizeBytes < bounds.minBytes || !isLast(leaf.key)) continue;
    yield encoded(chunk);
    [chunk, sizeBytes] = [[], FRAME_BYTES];
  }
  if (chunk.length > 0) yield encoded(chunk);
}

/** CBOR's lengths at their longest: of the list, and of a leaf with its key. */
const FRAME_BYTES = 8;
const LEAF_FRAME_BYTES = 1 + 2 + 32 + 5;

/** Keys are hashes: one in 1,024 ends like this. Leaves have some 300 bytes, so 0.3 MB follow on average. */
const isLast = (key: Digest): boolean => /[048c]00$/.test(key);

const encoded = (leaves: SnapshotLeaf[]): EncodedChunk => ({
  bytes: snapshotChunk.encode({ leaves }),
  leaves: leaves.length,
});
