import { join } from "node:path";
import {
  type Clock,
  type ContentId,
  codeOf,
  every,
  type FileId,
  limits,
  type OrderId,
} from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import {
  type ObjectStore,
  type OpenObjectStore,
  openFolderStore,
  openObjectStore,
  parseObjectPlace,
} from "@meshwork/storage";
import type { OpenChannel } from "../chain/channel.ts";
import { type Blobs, type BlobsParts, createBlobs } from "./blobs.ts";
import { type Files, openFiles } from "./files.ts";
import { type Allowance, OrderQuota } from "./order-quota.ts";
import { openPendingUploads } from "./pending-uploads.ts";
import { Pins } from "./pins.ts";
import { createSharedStore } from "./shared-store.ts";

export interface TaskDataParts {
  clock: Clock;
  log: Log;
  metrics: Metrics;
  openChannel: OpenChannel;
  /** Whether an open order's dispatch names the object. */
  isNeeded: (id: ContentId) => boolean;
  /** Whether an open order names the file. */
  isOrdered: (id: FileId) => boolean;
  /** What the keys of files derive from: 32 secret bytes. */
  secretRoot: Uint8Array;
  /** What a peer may bring to this node. */
  allowancesOf: (peer: Parameters<OrderQuota["take"]>[0]) => readonly Allowance[];
}

export interface TaskDataOptions {
  /** `objects`, `results`, `files` and `uploads` lie in it. */
  folder: string;
  /** Of objects, and as much of results. */
  objectsBytes: number;
  /** What nodes share: a folder, or s3://bucket/prefix. Null: peers alone. */
  taskDataStore: string | null;
}

export interface TaskData {
  blobs: Blobs;
  /** What requesters bring in chunks. */
  files: Files;
  /** Plaintext results: apart from what is served to whoever names an address. */
  results: ObjectStore;
  pins: Pins;
  /** The order is done: what it needed here may go when room is needed. */
  release(orderId: OrderId): void;
  stop(): Promise<void>;
}

/** All of a node's task data: what lies here, what it shares, and what goes when there is no room. */
export async function openTaskData(
  parts: TaskDataParts,
  options: TaskDataOptions,
): Promise<TaskData> {
  const { folder, objectsBytes } = options;
  const pins = new Pins();
  let files: Files | null = null;
  const isNeeded = (id: ContentId) =>
    pins.has(id) || parts.isNeeded(id) || files?.names(id) === true;
  const open = (name: string, maxObjectBytes: number) => {
    const bounds = { maxTotalBytes: objectsBytes, maxObjectBytes, isPinned: isNeeded };
    return openFolderStore({ folder: join(folder, name), ...bounds });
  };
  const [store, results] = await Promise.all([
    open("objects", SEALED_BYTES),
    open("results", limits.outputBytes),
  ]);
  const shared = await openShared(parts, options, store);
  const quota = new OrderQuota(parts.allowancesOf);
  const blobs = createBlobs({
    ...parts,
    ...{ store, isNeeded },
    pin: (orderId, id) => pins.pin(orderId, id),
    admitPut(peer, id, sizeBytes) {
      const orderId = quota.take(peer, id, sizeBytes);
      if (orderId !== null) pins.pin(orderId, id);
      return orderId !== null;
    },
    ...(shared && { shared }),
  });
  files = await openFiles(
    {
      ...parts,
      blobs,
      root: parts.secretRoot,
      drop: (id) => dropUnlessNeeded(store, isNeeded, id),
    },
    {
      folder: join(folder, "files"),
      maxBytes: objectsBytes * FILES_SHARE,
      maxBytesPerAccount: objectsBytes * ACCOUNT_SHARE,
    },
  );
  const stopForgetting = forgetFiles(parts, files);
  return {
    ...{ blobs, files, results, pins },
    release(orderId) {
      pins.release(orderId);
      quota.release(orderId);
    },
    async stop() {
      stopForgetting();
      await shared?.stop();
    },
  };
}

/** The rest is for programs, inputs and outputs; and no account takes all that there is for files. */
const FILES_SHARE = 3 / 4;
const ACCOUNT_SHARE = 1 / 2;

const dropUnlessNeeded = async (
  store: Pick<ObjectStore, "delete">,
  isNeeded: (id: ContentId) => boolean,
  id: ContentId,
): Promise<boolean> => !isNeeded(id) && store.delete(id);

const FORGET_EVERY_MS = 600_000;

function forgetFiles({ clock, log, isOrdered }: TaskDataParts, files: Files): () => void {
  return every(clock, FORGET_EVERY_MS, () => {
    files
      .forgetUnused(isOrdered)
      .catch((error) => log.warn("a file that nobody uses stays", { error }));
  });
}

const SEALED_BYTES = limits.inputBytes + limits.sealOverheadBytes;

async function openShared(
  parts: TaskDataParts,
  { folder, taskDataStore }: TaskDataOptions,
  store: ObjectStore,
): Promise<(BlobsParts["shared"] & { stop(): Promise<void> }) | null> {
  if (taskDataStore === null) return null;
  const remote = await openObjectStore(parseObjectPlace(taskDataStore), {
    maxObjectBytes: SEALED_BYTES,
    patience: {
      attempts: limits.taskDataAttempts,
      silenceMs: limits.taskDataSilenceMs,
      operationMs: limits.taskDataOperationMs,
    },
  });
  // Nothing waits for it: a node without its store goes on with its peers.
  remote.check().catch((error) =>
    parts.log.error("the shared store of task data cannot be used", {
      ...{ taskDataStore, code: codeOf(error), error },
    }),
  );
  const shared = createSharedStore({ ...parts, store: remote });
  const upload = async (id: ContentId): Promise<boolean> => {
    const bytes = await store.get(id).catch((error) => {
      parts.log.warn("what waits for the shared store is damaged", { id, code: codeOf(error) });
      return null;
    });
    // It made room: no order needs it any more.
    return bytes === null || (await shared.put(bytes));
  };
  const uploads = await openPendingUploads({ ...parts, upload }, join(folder, "uploads"));
  return { store: shared, uploads, stop: () => closeShared(uploads, remote) };
}

async function closeShared(
  uploads: { stop(): Promise<void> },
  remote: OpenObjectStore,
): Promise<void> {
  await uploads.stop();
  remote.close();
}
