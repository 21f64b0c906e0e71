import type { AnchorStore, ObjectStore } from "@meshwork/storage";

/**
 * Where snapshots lie: a folder, or a bucket and a table. Nothing in it is trusted; it is asked for content
 * by its address, and what it says is the head is a hint.
 */
export interface SnapshotStore {
  readonly chunks: ObjectStore;
  /** Apart from the chunks, so that a list of snapshots costs a few kilobytes each. */
  readonly manifests: ObjectStore;
  /** The blocks of which there are snapshots, and the highest of them. */
  readonly anchors: AnchorStore;
  close(): Promise<void>;
}
