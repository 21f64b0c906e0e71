import type { Genesis } from "@meshwork/protocol";
import type { FoundSnapshot } from "./list-snapshots.ts";
import {
  type ReadOptions,
  type RecentTrust,
  requireChunks,
  requireProven,
  requireState,
} from "./read-snapshot.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface VerifyOptions extends ReadOptions {
  genesis: Genesis;
  /** What a node may live by. @default whatever the genesis proves, however old */
  trust?: RecentTrust | undefined;
  /** Reads every chunk and computes the state's root; otherwise looks only whether they are there. @default false */
  readData?: boolean;
}

/**
 * Whether this snapshot could be restored.
 * @throws SnapshotError `SNAPSHOT_OTHER_NETWORK`, `SNAPSHOT_MANIFEST_DAMAGED`, `SNAPSHOT_HEADER_UNPROVEN`,
 *   `SNAPSHOT_CHUNK_MISSING`; with `readData` also `SNAPSHOT_CHUNK_DAMAGED`, `SNAPSHOT_STATE_WRONG`
 */
export async function verifySnapshot(
  { manifest }: FoundSnapshot,
  store: SnapshotStore,
  { genesis, trust, readData = false, ...options }: VerifyOptions,
): Promise<void> {
  requireProven(manifest, genesis, trust);
  if (readData) await requireState(store, manifest, options);
  else await requireChunks(store, manifest);
}
