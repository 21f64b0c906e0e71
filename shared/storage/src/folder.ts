import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  type ContentId,
  contentId,
  type Random,
  systemClock,
  systemRandom,
  toHex,
} from "@meshwork/foundation";
import { contentIdOf } from "./content-id.ts";
import type { ObjectStore } from "./object-store.ts";
import { StorageError } from "./storage-error.ts";

export interface FolderStoreOptions {
  folder: string;
  /** All objects together; beyond it `put` refuses, so that a store never fills its disk. */
  maxTotalBytes: number;
  maxObjectBytes: number;
  /** Several processes write into it: then nobody counts what it holds. @default false */
  shared?: boolean;
  /** For the names of unfinished files. @default the operating system's */
  random?: Random;
  /** Tells what others have given up in a shared folder. @default the machine's */
  clock?: Clock;
}

/**
 * Objects as files: `<folder>/<shard>/<content id>`, written under `unfinished/`, synced, renamed.
 * One process owns the folder, unless it is shared. What a crash left unfinished goes at the next
 * opening.
 */
export async function openFolderStore(options: FolderStoreOptions): Promise<ObjectStore> {
  const { folder, shared = false, random = systemRandom } = options;
  const unfinished = join(folder, "unfinished");
  await mkdir(unfinished, { recursive: true });
  await removeUnfinished(unfinished, shared ? abandonedSince(options.clock) : Number.MAX_VALUE);
  let totalBytes = shared ? 0 : await totalOf(folder);
  const underWay = new Map<ContentId, Promise<void>>();

  const pathOf = (id: ContentId) => join(folder, shardOf(id), contentId.parse(id));

  async function write(id: ContentId, bytes: Uint8Array): Promise<void> {
    const previous = await sizeOf(pathOf(id));
    if (previous === bytes.length && contentIdOf(await readFile(pathOf(id))) === id) return;
    const growth = bytes.length - (previous ?? 0);
    if (totalBytes + growth > options.maxTotalBytes) throw full(options, bytes.length);
    // Counted before the first await, so that many puts at once cannot pass the bound together.
    totalBytes += growth;
    try {
      await place(bytes, join(unfinished, toHex(random.bytes(16))), pathOf(id));
    } catch (error) {
      totalBytes -= growth;
      throw error;
    }
  }

  return {
    async put(bytes) {
      if (bytes.length > options.maxObjectBytes) throw tooLarge(options, bytes.length);
      const id = contentIdOf(bytes);
      const writing = underWay.get(id) ?? write(id, bytes).finally(() => underWay.delete(id));
      underWay.set(id, writing);
      await writing;
      return id;
    },

    async get(id) {
      const bytes = await readFile(pathOf(id)).catch(nullIfMissing);
      if (bytes !== null && contentIdOf(bytes) !== id) throw damaged(id, pathOf(id));
      return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    },

    has: async (id) => (await sizeOf(pathOf(id))) !== null,

    async *list() {
      for (const shard of await shardsOf(folder))
        for (const name of await readdir(join(folder, shard)))
          if (contentId.safeParse(name).success) yield name as ContentId;
    },

    async delete(id) {
      await underWay.get(id)?.catch(() => {});
      const size = await sizeOf(pathOf(id));
      if (size === null) return false;
      await rm(pathOf(id), { force: true });
      totalBytes -= size;
      return true;
    },
  };
}

/** In a shared folder others may be writing now, but nobody for so long. */
const ABANDONED_MS = 3_600_000;

const abandonedSince = (clock: Clock = systemClock): number => clock.now() - ABANDONED_MS;

async function removeUnfinished(folder: string, untilMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(nullIfMissing);
    if (found !== null && found.mtimeMs <= untilMs)
      await rm(path, { recursive: true, force: true });
  }
}

/** The characters before the last: the last holds three bits only, the first are the same for all. */
const shardOf = (id: ContentId): string => id.slice(-3, -1);

async function place(bytes: Uint8Array, temporary: string, target: string): Promise<void> {
  const shard = join(target, "..");
  await mkdir(shard, { recursive: true });
  const file = await open(temporary, "wx");
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary, target);
  // The new name is durable only once its directory is.
  const directory = await open(shard, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function shardsOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => /^[a-z2-7]{2}$/.test(name));
}

async function totalOf(folder: string): Promise<number> {
  let total = 0;
  for (const shard of await shardsOf(folder))
    for (const name of await readdir(join(folder, shard)))
      total += (await sizeOf(join(folder, shard, name))) ?? 0;
  return total;
}

const sizeOf = async (path: string): Promise<number | null> =>
  (await stat(path).catch(nullIfMissing))?.size ?? null;

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}

const damaged = (id: ContentId, path: string) =>
  new StorageError(
    "OBJECT_DAMAGED",
    `${path} does not hold the content that it is named after: delete it, or put the content again`,
    { detail: { id, path } },
  );

const tooLarge = (options: FolderStoreOptions, sizeBytes: number) =>
  new StorageError(
    "OBJECT_TOO_LARGE",
    `an object of ${sizeBytes} bytes exceeds this store's limit of ${options.maxObjectBytes}`,
    { detail: { sizeBytes } },
  );

const full = (options: FolderStoreOptions, sizeBytes: number) =>
  new StorageError(
    "STORE_FULL",
    `${options.folder} may hold ${options.maxTotalBytes} bytes and has no room for ${sizeBytes} more: delete objects or raise the limit`,
    { detail: { sizeBytes, maxTotalBytes: options.maxTotalBytes } },
  );
