import { assert } from "@meshwork/foundation";
import type { HandOver, SnapshotManifest } from "@meshwork/protocol";
import type { ChainHead } from "../store/chain-head.ts";
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
 * @param handOvers of all epochs before the head's; what comes after is passed over
 * @throws SnapshotError `BACKUP_NO_BLOCKS`
 */
export function snapshotSource(
  { header, certificate, state }: ChainHead,
  handOvers: readonly HandOver[],
  bounds?: ChunkBounds,
): SnapshotSource {
  if (certificate === null)
    throw new SnapshotError(
      "BACKUP_NO_BLOCKS",
      "this chain has only its genesis: there is nothing in it that the genesis file does not hold",
    );
  const handOver = handOvers.filter((one) => one.header.epoch < header.epoch);
  const first = handOver[0]?.header.epoch ?? header.epoch;
  assert(
    handOver.length === header.epoch - first,
    "a snapshot shows how each committee came about",
  );
  return { header, certificate, handOver, chunks: chunksOf(state.leaves(), bounds) };
}
