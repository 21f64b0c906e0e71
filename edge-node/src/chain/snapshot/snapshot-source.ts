import type { SnapshotManifest } from "@meshwork/protocol";
import type { ChainHead } from "../chain-head.ts";
import { type ChunkBounds, chunksOf, type EncodedChunk } from "./chunks.ts";
import { SnapshotError } from "./snapshot-error.ts";

/** What shows that a block is final, to who has the genesis. */
export type SnapshotProof = Pick<SnapshotManifest, "header" | "certificate" | "handOver">;

/** A state and its proof, to be published: of a chain here, or of a node that runs elsewhere. */
export interface SnapshotSource extends SnapshotProof {
  /** In order. */
  readonly chunks: AsyncIterable<EncodedChunk>;
}

/**
 * The state after a head. A head is a value: its chain may go on meanwhile.
 * @throws SnapshotError `BACKUP_NO_BLOCKS`
 */
export function snapshotSource(head: ChainHead, bounds?: ChunkBounds): SnapshotSource {
  const { header, certificate, state } = head;
  if (certificate === null)
    throw new SnapshotError(
      "BACKUP_NO_BLOCKS",
      "this chain has only its genesis: there is nothing in it that the genesis file does not hold",
    );
  return { header, certificate, handOver: [], chunks: chunksOf(state.leaves(), bounds) };
}
