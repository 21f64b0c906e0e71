import { type SnapshotManifest, snapshotManifest } from "@meshwork/protocol";
import type { FoundSnapshot } from "../list-snapshots.ts";
import type { MemorySnapshotStore } from "./memory-store.ts";

/** Puts other bytes in the place of the only manifest, under their own right name: as whoever can write there. */
export function forgeManifest(store: MemorySnapshotStore, bytes: Uint8Array): Promise<unknown> {
  store.manifests.objects.clear();
  return store.manifests.put(bytes);
}

export const changed = (
  { id, manifest }: FoundSnapshot,
  change: Partial<SnapshotManifest>,
): FoundSnapshot => ({ id, manifest: { ...manifest, ...change } });

/** With one byte that is another one. */
export function flipped(bytes: Uint8Array, at: number, mask: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ mask;
  return copy;
}

export const bytesOf = ({ manifest }: FoundSnapshot): Uint8Array =>
  snapshotManifest.encode(manifest);
