import { join } from "node:path";
import { type ChainId, messageOf } from "@meshwork/foundation";
import type { AnchorStore } from "./anchor-store.ts";
import { openFolderStore } from "./folder.ts";
import { openLevelAnchorStore } from "./level.ts";
import type { ObjectStore } from "./object-store.ts";
import type { AnchorPlace, ObjectPlace } from "./place.ts";
import { StorageError } from "./storage-error.ts";

/** How long the cloud is waited for. @default as long as for a backup */
export interface Patience {
  attempts?: number;
  silenceMs?: number;
  operationMs?: number;
}

/** An object store that holds connections, maybe. Nothing is asked of the network to open it. */
export interface OpenObjectStore extends ObjectStore {
  /** Fails when the store cannot be used, and says why. @throws StorageError */
  check(): Promise<void>;
  close(): void;
}

/**
 * Opens what several nodes may share. It has no bound of its own: a disk that is full says so, and a
 * bucket has none. The drivers of the cloud are loaded by those alone who use them: they are larger
 * than all of Meshwork.
 */
export async function openObjectStore(
  place: ObjectPlace,
  { maxObjectBytes, patience = {} }: { maxObjectBytes: number; patience?: Patience },
): Promise<OpenObjectStore> {
  if (place.kind === "folder") {
    const { folder } = place;
    const bounds = { maxObjectBytes, maxTotalBytes: Number.MAX_SAFE_INTEGER };
    const options = { folder, ...bounds, shared: true };
    const store = await openFolderStore(options).catch((cause) =>
      Promise.reject(unusable(folder, cause)),
    );
    return Object.assign(store, { check: async () => {}, close() {} });
  }
  const { openS3Store } = await import("./aws/s3.ts");
  const { bucket, prefix } = place;
  return openS3Store({ bucket, ...(prefix && { prefix }), maxObjectBytes, ...patience });
}

/** @param options.chain whose anchors: a table may hold many networks' */
export async function openAnchorStore(
  place: AnchorPlace,
  { chain }: { chain: ChainId },
): Promise<AnchorStore> {
  if (place.kind === "folder") return openLevelAnchorStore(place.folder);
  const { openDynamoAnchorStore } = await import("./aws/dynamodb.ts");
  return openDynamoAnchorStore({ table: place.table, chain });
}

/** A folder in the place. */
export function within(place: ObjectPlace, name: string): ObjectPlace {
  if (place.kind === "folder") return { kind: "folder", folder: join(place.folder, name) };
  return { ...place, prefix: place.prefix === undefined ? name : `${place.prefix}/${name}` };
}

const unusable = (folder: string, cause: unknown) =>
  new StorageError(
    "STORE_MISSING",
    `${folder} cannot hold objects: ${messageOf(cause)}. Look at the disk and at the folder's owner, or name another place`,
    { detail: { folder }, cause },
  );
