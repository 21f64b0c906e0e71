import { type ContentId, codeOf, messageOf } from "@meshwork/foundation";
import { type SnapshotManifest, snapshotFormatOf, snapshotManifest } from "@meshwork/protocol";
import { SnapshotError } from "./snapshot-error.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

/** A manifest as it was found: read, and nothing of it believed yet. */
export interface FoundSnapshot {
  readonly id: ContentId;
  readonly manifest: SnapshotManifest;
}

export interface SnapshotList {
  /** The highest first. */
  readonly snapshots: readonly FoundSnapshot[];
  /** Damaged ones, and those of a newer format. */
  readonly unreadable: readonly { readonly id: ContentId; readonly error: SnapshotError }[];
}

export async function listSnapshots(store: SnapshotStore): Promise<SnapshotList> {
  const snapshots: FoundSnapshot[] = [];
  const unreadable: { id: ContentId; error: SnapshotError }[] = [];
  for await (const id of store.manifests.list()) {
    try {
      const manifest = await readManifest(store, id);
      // Gone since it was listed.
      if (manifest !== null) snapshots.push({ id, manifest });
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
      unreadable.push({ id, error });
    }
  }
  snapshots.sort((a, b) => b.manifest.height - a.manifest.height || (a.id < b.id ? -1 : 1));
  return { snapshots, unreadable };
}

export interface WhichSnapshot {
  /** @default the newest, which must be what the store's head says it is */
  height?: number | undefined;
  /** The newest whose block was made at this wall time, in ms, or before. @default now */
  at?: number | undefined;
  /** What is known to be final: nothing lower is taken. @default 0 */
  atLeast?: number;
}

/** @throws SnapshotError `SNAPSHOT_NOT_FOUND`, `SNAPSHOT_TOO_OLD`, or what is wrong with the only ones there */
export async function findSnapshot(
  store: SnapshotStore,
  { height, at, atLeast = 0 }: WhichSnapshot = {},
): Promise<FoundSnapshot> {
  const { snapshots, unreadable } = await listSnapshots(store);
  const found = snapshots.find(
    ({ manifest }) =>
      (height === undefined || manifest.height === height) &&
      (at === undefined || manifest.header.time <= at),
  );
  if (found === undefined) throw unreadable[0]?.error ?? notFound({ height, at });
  const isChosen = height !== undefined || at !== undefined;
  const head = isChosen ? null : await store.anchors.head();
  const lowest = Math.max(atLeast, head?.height ?? 0);
  if (found.manifest.height < lowest) throw tooOld(found.manifest.height, lowest);
  return found;
}

/** Null when there is none of this name. @throws SnapshotError `SNAPSHOT_FORMAT_NEWER`, `SNAPSHOT_MANIFEST_DAMAGED` */
async function readManifest(
  { manifests }: SnapshotStore,
  id: ContentId,
): Promise<SnapshotManifest | null> {
  const bytes = await manifests.get(id).catch((cause) => {
    throw codeOf(cause) === "OBJECT_DAMAGED" ? damaged(id, cause) : cause;
  });
  if (bytes === null) return null;
  try {
    return snapshotManifest.decode(bytes);
  } catch (cause) {
    const format = snapshotFormatOf(bytes);
    throw format !== null && format > 1 ? newer(id, format) : damaged(id, cause);
  }
}

const damaged = (id: ContentId, cause: unknown) =>
  new SnapshotError(
    "SNAPSHOT_MANIFEST_DAMAGED",
    `the manifest ${id} cannot be read: ${messageOf(cause)}. Take another snapshot, and delete this manifest`,
    { detail: { id }, cause },
  );

const newer = (id: ContentId, format: number) =>
  new SnapshotError(
    "SNAPSHOT_FORMAT_NEWER",
    `the snapshot ${id} is of format ${format}, and this build reads format 1: use the build that wrote it, or a newer one`,
    { detail: { id, format } },
  );

function notFound({ height, at }: WhichSnapshot): SnapshotError {
  const which = [
    ...(height === undefined ? [] : [`of height ${height}`]),
    ...(at === undefined ? [] : [`as old as ${new Date(at).toISOString()}`]),
  ].join(" and ");
  return new SnapshotError(
    "SNAPSHOT_NOT_FOUND",
    which === ""
      ? "there is no snapshot here: look at the name of the place, or create one"
      : `there is no snapshot ${which} here: meshwork backup list shows those that there are`,
    { detail: { height: height ?? null, at: at ?? null } },
  );
}

const tooOld = (height: number, lowest: number) =>
  new SnapshotError(
    "SNAPSHOT_TOO_OLD",
    `the snapshot is of height ${height}, and ${lowest} is known to be final: look for the newer one; ` +
      `name the height ${height} only if it is gone for good`,
    { detail: { height, lowest } },
  );
