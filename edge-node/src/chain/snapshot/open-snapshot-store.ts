import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ChainId, limits, messageOf } from "@meshwork/foundation";
import { type AnchorStore, openFolderStore, openLevelAnchorStore } from "@meshwork/storage";
import { SnapshotError } from "./snapshot-error.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface SnapshotPlace {
  /** A folder, or `s3://bucket/prefix`. */
  address: string;
  /** The DynamoDB table that holds a bucket's head. */
  table?: string | undefined;
  /** Whose anchors these are: a table may hold many networks'. */
  chainId: ChainId;
  /** Makes a folder that is not there; a reader would rather hear of it. @default false */
  create?: boolean;
}

/** @throws SnapshotError `SNAPSHOT_NOT_FOUND`, `SNAPSHOT_STORE_UNUSABLE`, `SNAPSHOT_STORE_LOCKED` */
export function openSnapshotStore(place: SnapshotPlace): Promise<SnapshotStore> {
  return place.address.includes("://") ? openBucket(place) : openFolder(place);
}

async function openFolder({ address, create = false }: SnapshotPlace): Promise<SnapshotStore> {
  if (!create) await requireFolder(address);
  else
    await mkdir(address, { recursive: true }).catch((cause) =>
      Promise.reject(unusable(address, cause)),
    );
  // First, since its lock is the folder's: one process at a time.
  const anchors = await openAnchors(address);
  try {
    const [chunks, manifests] = await Promise.all([
      openObjects(join(address, "chunks"), limits.snapshotChunkMaxBytes),
      openObjects(join(address, "manifests"), limits.snapshotManifestBytes),
    ]);
    return { chunks, manifests, anchors, close: () => anchors.close() };
  } catch (cause) {
    await anchors.close();
    throw unusable(address, cause);
  }
}

/** A disk that is full says so itself. */
const openObjects = (folder: string, maxObjectBytes: number) =>
  openFolderStore({ folder, maxObjectBytes, maxTotalBytes: Number.MAX_SAFE_INTEGER });

async function requireFolder(address: string): Promise<void> {
  const found = await stat(join(address, "manifests")).catch(() => null);
  if (found?.isDirectory()) return;
  throw new SnapshotError(
    "SNAPSHOT_NOT_FOUND",
    `${address} holds no snapshots: name the place that meshwork backup create was given`,
    { detail: { address } },
  );
}

async function openAnchors(address: string): Promise<AnchorStore> {
  try {
    return await openLevelAnchorStore(join(address, "anchors"));
  } catch (cause) {
    const reason = cause instanceof Error && cause.cause ? cause.cause : cause;
    const isLocked = reason instanceof Error && "code" in reason && reason.code === "LEVEL_LOCKED";
    if (!isLocked) throw unusable(join(address, "anchors"), reason);
    throw new SnapshotError(
      "SNAPSHOT_STORE_LOCKED",
      `another process works on ${address}: wait until it has ended`,
      { detail: { address }, cause },
    );
  }
}

const unusable = (address: string, cause: unknown) =>
  new SnapshotError(
    "SNAPSHOT_STORE_UNUSABLE",
    `${address} cannot hold snapshots: ${messageOf(cause)}. Look at the disk and at the folder's owner, or name another place`,
    { detail: { address }, cause },
  );

async function openBucket({ address, table, chainId }: SnapshotPlace): Promise<SnapshotStore> {
  const [, bucket, prefix] = /^s3:\/\/([a-z0-9.-]{3,63})(?:\/([\w./-]*?))?\/?$/.exec(address) ?? [];
  if (bucket === undefined)
    throw new SnapshotError(
      "SNAPSHOT_STORE_UNUSABLE",
      `${address} names no place for snapshots: use a folder, or s3://bucket/prefix`,
      { detail: { address } },
    );
  if (table === undefined)
    throw new SnapshotError(
      "SNAPSHOT_STORE_UNUSABLE",
      `${address} needs a DynamoDB table beside it, whose conditional writes keep its head: name one with --table`,
      { detail: { address } },
    );
  // Loaded by those alone who use it: the SDK is larger than all of Meshwork.
  const [{ openS3Store }, { openDynamoAnchorStore }] = await Promise.all([
    import("@meshwork/storage/s3"),
    import("@meshwork/storage/dynamodb"),
  ]);
  const under = (folder: string) => (prefix ? `${prefix}/${folder}` : folder);
  const chunks = openS3Store({
    ...{ bucket, prefix: under("chunks"), maxObjectBytes: limits.snapshotChunkMaxBytes },
  });
  const manifests = openS3Store({
    ...{ bucket, prefix: under("manifests"), maxObjectBytes: limits.snapshotManifestBytes },
  });
  const anchors = openDynamoAnchorStore({ table, chain: chainId });
  return {
    ...{ chunks, manifests, anchors },
    async close() {
      chunks.close();
      manifests.close();
      await anchors.close();
    },
  };
}
