import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ChainId, limits, messageOf } from "@meshwork/foundation";
import {
  type AnchorPlace,
  type AnchorStore,
  type ObjectPlace,
  openAnchorStore,
  openObjectStore,
  parseAnchorPlace,
  parseObjectPlace,
  within,
} from "@meshwork/storage";
import { SEALED_BYTES } from "./sealing.ts";
import { SnapshotError } from "./snapshot-error.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface SnapshotPlace {
  /** A folder, or `s3://bucket/prefix`. */
  address: string;
  /** A folder, or `dynamodb://table`. @default `anchors` in the folder of snapshots */
  anchors?: string | undefined;
  /** Whose anchors these are: a table may hold many networks'. */
  chainId: ChainId;
  /** Makes a folder that is not there; a reader would rather hear of it. @default false */
  create?: boolean;
}

/** @throws SnapshotError `SNAPSHOT_NOT_FOUND`, `SNAPSHOT_STORE_UNUSABLE`, `SNAPSHOT_STORE_LOCKED` */
export async function openSnapshotStore(place: SnapshotPlace): Promise<SnapshotStore> {
  const objects = parse(place.address, parseObjectPlace);
  if (objects.kind === "folder") await prepareFolder(objects.folder, place.create ?? false);
  // First, since its lock is the folder's: one process at a time.
  const anchors = await openAnchors(anchorPlaceOf(place, objects), place.chainId);
  try {
    const [chunks, manifests] = await Promise.all([
      openObjectStore(within(objects, "chunks"), {
        maxObjectBytes: limits.snapshotChunkMaxBytes + SEALED_BYTES,
      }),
      openObjectStore(within(objects, "manifests"), {
        maxObjectBytes: limits.snapshotManifestBytes,
      }),
    ]);
    return {
      ...{ chunks, manifests, anchors },
      async close() {
        chunks.close();
        manifests.close();
        await anchors.close();
      },
    };
  } catch (cause) {
    await anchors.close();
    throw unusable(place.address, cause);
  }
}

function parse<T>(address: string, parser: (address: string) => T): T {
  try {
    return parser(address);
  } catch (cause) {
    throw unusable(address, cause);
  }
}

function anchorPlaceOf({ address, anchors }: SnapshotPlace, objects: ObjectPlace): AnchorPlace {
  if (anchors !== undefined) return parse(anchors, parseAnchorPlace);
  if (objects.kind === "folder") return { kind: "folder", folder: join(objects.folder, "anchors") };
  throw new SnapshotError(
    "SNAPSHOT_STORE_UNUSABLE",
    `${address} needs a DynamoDB table beside it, whose conditional writes keep its head: name one with --anchors dynamodb://table`,
    { detail: { address } },
  );
}

async function prepareFolder(address: string, create: boolean): Promise<void> {
  if (create) {
    await mkdir(address, { recursive: true }).catch((cause) =>
      Promise.reject(unusable(address, cause)),
    );
    return;
  }
  const found = await stat(join(address, "manifests")).catch(() => null);
  if (found?.isDirectory()) return;
  throw new SnapshotError(
    "SNAPSHOT_NOT_FOUND",
    `${address} holds no snapshots: name the place that meshwork backup create was given`,
    { detail: { address } },
  );
}

async function openAnchors(place: AnchorPlace, chain: ChainId): Promise<AnchorStore> {
  try {
    return await openAnchorStore(place, { chain });
  } catch (cause) {
    const address = place.kind === "folder" ? place.folder : place.table;
    const reason = cause instanceof Error && cause.cause ? cause.cause : cause;
    const isLocked = reason instanceof Error && "code" in reason && reason.code === "LEVEL_LOCKED";
    if (!isLocked) throw unusable(address, reason);
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
