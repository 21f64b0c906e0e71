export { type BackUpOptions, backUpNode } from "./back-up-node.ts";
export { beginAnew, type Founding, goesOn } from "./begin-anew.ts";
export {
  type CreatedSnapshot,
  type CreateOptions,
  type CreateProgress,
  createSnapshot,
} from "./create-snapshot.ts";
export {
  type FoundSnapshot,
  findSnapshot,
  listSnapshots,
  type SnapshotList,
  type WhichSnapshot,
} from "./list-snapshots.ts";
export { openSnapshotStore, type SnapshotPlace } from "./open-snapshot-store.ts";
export { type Pruned, type PruneOptions, pruneSnapshots } from "./prune-snapshots.ts";
export { readHandOvers } from "./read-hand-overs.ts";
export type { ReadProgress } from "./read-snapshot.ts";
export { type RestoreOptions, restoreSnapshot } from "./restore-snapshot.ts";
export { type Seal, sealTo, type Unseal, unsealWith } from "./sealing.ts";
export { SnapshotError } from "./snapshot-error.ts";
export type { SnapshotStore } from "./snapshot-store.ts";
export { type VerifyOptions, verifySnapshot } from "./verify-snapshot.ts";
export { type BlockWithFacts, type LedgerView, viewNode, viewSnapshot } from "./view-ledger.ts";
