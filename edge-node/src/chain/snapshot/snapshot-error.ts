import { CodedError } from "@meshwork/foundation";

export class SnapshotError extends CodedError<
  /** There is no such snapshot, or no place to look for one. */
  | "SNAPSHOT_NOT_FOUND"
  | "SNAPSHOT_OTHER_NETWORK"
  /** Written by a newer build: this one can neither read nor prune it. */
  | "SNAPSHOT_FORMAT_NEWER"
  | "SNAPSHOT_MANIFEST_DAMAGED"
  /** No quorum of the committee made the header final that the state is to belong to. */
  | "SNAPSHOT_HEADER_UNPROVEN"
  /** What is trusted is older than the trust period, or is not shown. */
  | "SNAPSHOT_UNANCHORED"
  | "SNAPSHOT_CHUNK_MISSING"
  | "SNAPSHOT_CHUNK_DAMAGED"
  /** Every chunk is as the manifest has it, and together they are another state than the header names. */
  | "SNAPSHOT_STATE_WRONG"
  /** More than any node can hold. */
  | "SNAPSHOT_TOO_LARGE"
  /** Its chunks are sealed, and the identity that opens them is not here. */
  | "SNAPSHOT_SEALED"
  | "SNAPSHOT_KEY_INVALID"
  /** Lower than what is known to be final. */
  | "SNAPSHOT_TOO_OLD"
  /** Somebody has published a higher one. */
  | "SNAPSHOT_OVERTAKEN"
  /** The place can hold no snapshots, or its name makes no sense. */
  | "SNAPSHOT_STORE_UNUSABLE"
  | "SNAPSHOT_STORE_LOCKED"
  /** A node's folder from which, or into which, there is nothing to copy. */
  | "BACKUP_NO_CHAIN"
  | "BACKUP_NO_BLOCKS"
  /** The running node gives one backup at a time. */
  | "BACKUP_BUSY"
  | "BACKUP_INTERRUPTED"
  | "RESTORE_NOT_EMPTY"
  /** The disk under the node's folder refuses. */
  | "RESTORE_NOT_WRITTEN"
> {}
