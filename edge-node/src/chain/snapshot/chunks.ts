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
  let [chunk, sizeBytes]: [SnapshotLeaf[], number] = [[], 0];
  for (const leaf of leaves) {
    const leafBytes = encodedBytesOf(leaf);
    if (FRAME_BYTES + sizeBytes + leafBytes > bounds.maxBytes) {
      yield encoded(chunk);
      [chunk, sizeBytes] = [[], 0];
    }
    chunk.push(leaf);
    sizeBytes += leafBytes;
    if (sizeBytes < bounds.minBytes || !isLast(leaf.key)) continue;
    yield encoded(chunk);
    [chunk, sizeBytes] = [[], 0];
  }
  if (chunk.length > 0) yield encoded(chunk);
}

/** What CBOR puts around a chunk's leaves, at the longest. */
const FRAME_BYTES = 6;

/** A pair; in it the key, of 32 bytes, and the value. */
const encodedBytesOf = ({ value: { length } }: SnapshotLeaf): number =>
  1 + 34 + (length < 24 ? 1 : length < 256 ? 2 : length < 65_536 ? 3 : 5) + length;

/** Keys are hashes: one in 1,024 ends like this. Leaves have some 300 bytes, so 0.3 MB follow on average. */
const isLast = (key: Digest): boolean => /[048c]00$/.test(key);

const encoded = (leaves: SnapshotLeaf[]): EncodedChunk => ({
  bytes: snapshotChunk.encode({ leaves }),
  leaves: leaves.length,
});
