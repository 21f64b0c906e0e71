import { type ContentId, type NodeId, utf8 } from "@meshwork/foundation";
import { headerHash, type SnapshotManifest } from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import type { FoundSnapshot } from "../list-snapshots.ts";

export interface OfferedSnapshot extends FoundSnapshot {
  readonly peers: readonly NodeId[];
}

/**
 * In what order they are worth their bytes: the highest block first; of one block the state that most peers
 * offer, for it has one list of chunks on every honest machine; then the smaller.
 */
export function rankSnapshots(offered: readonly OfferedSnapshot[]): OfferedSnapshot[] {
  const witnesses = new Map<ContentId, Set<NodeId>>();
  const ranked = offered.map((one) => {
    const state = stateNameOf(one.manifest);
    const known = witnesses.get(state) ?? new Set<NodeId>();
    witnesses.set(state, known);
    for (const peer of one.peers) known.add(peer);
    return { one, known, sizeBytes: claimedBytes(one.manifest) };
  });
  ranked.sort(
    (a, b) =>
      b.one.manifest.height - a.one.manifest.height ||
      b.known.size - a.known.size ||
      a.sizeBytes - b.sizeBytes,
  );
  return ranked.map(({ one }) => one);
}

/** What its chunks will cost; its totals are checked later. */
export const claimedBytes = ({ chunks }: SnapshotManifest): number =>
  chunks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

const stateNameOf = ({ header, chunks }: SnapshotManifest): ContentId =>
  contentIdOf(utf8([headerHash(header), ...chunks.map(({ content }) => content)].join()));
