import type { ContentId } from "@meshwork/foundation";
import { type FoundSnapshot, listSnapshots } from "./list-snapshots.ts";
import { keptHeights, type Retention } from "./retention.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface PruneOptions extends Retention {
  /** Says what would go, and deletes nothing. @default false */
  dryRun?: boolean;
  /**
   * Deletes chunks, too, that no snapshot names and that were stored before this wall time, in ms: what
   * attempts have left that nobody will end. @default they stay
   */
  orphansBefore?: number;
}

export interface Pruned {
  readonly snapshots: readonly FoundSnapshot[];
  /** Chunks that no other snapshot needs. */
  readonly chunks: number;
  readonly sizeBytes: number;
  /** Chunks that no snapshot named. */
  readonly orphans: number;
}

/**
 * Removes old snapshots, by what the manifests say: those first, then the chunks that only they named. A
 * chunk of no manifest stays, for it may belong to a snapshot that somebody is just creating;
 * unless it is too old for that.
 * @throws SnapshotError when a manifest cannot be read: what it needs is not known
 */
export async function pruneSnapshots(
  store: SnapshotStore,
  { dryRun = false, orphansBefore = 0, ...retention }: PruneOptions,
): Promise<Pruned> {
  const before = await readAll(store);
  const heights = keptHeights(
    before.map(({ manifest: { height, header } }) => ({ height, time: header.time })),
    retention,
  );
  const isKept = ({ manifest }: FoundSnapshot) => heights.has(manifest.height);
  const old = before.filter((snapshot) => !isKept(snapshot));
  if (!dryRun) for (const { id } of old) await store.manifests.delete(id);

  // Read again: somebody may have published one meanwhile that shares chunks with the old ones.
  const left = dryRun ? before.filter(isKept) : await readAll(store);
  const needed = new Set(left.flatMap(contentsOf));
  const unneeded = new Map<ContentId, number>();
  for (const { manifest } of old)
    for (const { content, sizeBytes } of manifest.chunks)
      if (!needed.has(content)) unneeded.set(content, sizeBytes);
  const isNamed = (content: ContentId) => needed.has(content) || unneeded.has(content);
  const orphans = orphansBefore > 0 ? await orphansOf(store, isNamed, orphansBefore) : [];
  if (!dryRun)
    for (const content of [...unneeded.keys(), ...orphans]) await store.chunks.delete(content);
  const sizeBytes = [...unneeded.values()].reduce((sum, size) => sum + size, 0);
  return { snapshots: old, chunks: unneeded.size, sizeBytes, orphans: orphans.length };
}

async function orphansOf(
  { chunks }: SnapshotStore,
  isNamed: (content: ContentId) => boolean,
  before: number,
): Promise<ContentId[]> {
  const orphans: ContentId[] = [];
  for await (const content of chunks.list()) {
    if (isNamed(content)) continue;
    const storedAt = await chunks.storedAt(content);
    if (storedAt !== null && storedAt < before) orphans.push(content);
  }
  return orphans;
}

async function readAll(store: SnapshotStore): Promise<readonly FoundSnapshot[]> {
  const { snapshots, unreadable } = await listSnapshots(store);
  for (const { error } of unreadable) throw error;
  return snapshots;
}

const contentsOf = ({ manifest }: FoundSnapshot) => manifest.chunks.map(({ content }) => content);
