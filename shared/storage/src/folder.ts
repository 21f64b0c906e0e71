import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  type ContentId,
  contentId,
  limits,
  type Random,
  systemClock,
  systemRandom,
  toHex,
} from "@meshwork/foundation";
import { contentIdOf } from "./content-id.ts";
import { FolderIndex } from "./folder-index.ts";
import type { ObjectStore } from "./object-store.ts";
import { StorageError } from "./storage-error.ts";

export interface FolderStoreOptions {
  folder: string;
  /** All objects together; beyond it the least recently used make room, or `put` refuses. */
  maxTotalBytes: number;
  maxObjectBytes: number;
  /** @default limits.folderObjects */
  maxObjects?: number;
  /** What must not go to make room. @default everything: nothing is ever evicted */
  isPinned?: (id: ContentId) => boolean;
  /** Several processes write into it: then nobody counts what it holds. @default false */
  shared?: boolean;
  /** For the names of unfinished files. @default the operating system's */
  random?: Random;
  /** Tells when an object was used, and what others have given up in a shared folder. @default the machine's */
  clock?: Clock;
}

/**
 * Objects as files: `<folder>/<shard>/<content id>`, written under `unfinished/`, synced, renamed.
 * One process owns the folder, unless it is shared. What a crash left unfinished goes at the next
 * opening. A file's time of modification is that of its last use, so that a restart forgets no order.
 */
export async function openFolderStore(options: FolderStoreOptions): Promise<ObjectStore> {
  const { folder, shared = false, clock = systemClock } = options;
  const unfinished = join(folder, UNFINISHED);
  await mkdir(unfinished, { recursive: true });
  await removeUnfinished(unfinished, shared ? clock.now() - ABANDONED_MS : Number.MAX_VALUE);
  const store = new FolderStore(options);
  if (!shared) await store.count();
  return store;
}

class FolderStore implements ObjectStore {
  readonly #options: FolderStoreOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  /** Null when nobody counts. */
  #index: FolderIndex | null = null;
  readonly #underWay = new Map<ContentId, Promise<void>>();
  readonly #leaving = new Map<ContentId, Promise<unknown>>();

  constructor(options: FolderStoreOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
  }

  async count(): Promise<void> {
    const { folder, maxTotalBytes, maxObjects = limits.folderObjects } = this.#options;
    const { isPinned = () => true } = this.#options;
    this.#index = new FolderIndex({
      ...{ maxTotalBytes, maxObjects },
      isPinned: (id) => this.#underWay.has(id) || isPinned(id),
    });
    for (const { id, sizeBytes } of await byUse(folder)) this.#index.set(id, sizeBytes);
    await this.#remove(this.#index.trim());
  }

  async put(bytes: Uint8Array): Promise<ContentId> {
    const { maxObjectBytes } = this.#options;
    if (bytes.length > maxObjectBytes) throw tooLarge(bytes.length, maxObjectBytes);
    const id = contentIdOf(bytes);
    const writing =
      this.#underWay.get(id) ?? this.#write(id, bytes).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, writing);
    await writing;
    return id;
  }

  async get(id: ContentId, { maxBytes = this.#options.maxObjectBytes } = {}) {
    const found = await fileAt(this.#pathOf(id));
    if (found === null) return null;
    if (found.size > maxBytes) throw tooLarge(found.size, maxBytes);
    const bytes = await readFile(this.#pathOf(id)).catch(nullIfMissing);
    if (bytes === null) return null;
    if (contentIdOf(bytes) !== id) throw damaged(id, this.#pathOf(id));
    await this.#used(id, found);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  async has(id: ContentId): Promise<boolean> {
    return (await fileAt(this.#pathOf(id))) !== null;
  }

  async storedAt(id: ContentId): Promise<number | null> {
    return (await fileAt(this.#pathOf(id)))?.mtimeMs ?? null;
  }

  async *list(): AsyncGenerator<ContentId> {
    const { folder } = this.#options;
    for (const shard of await shardsOf(folder))
      for (const name of await readdir(join(folder, shard)))
        if (contentId.safeParse(name).success) yield name as ContentId;
  }

  async delete(id: ContentId): Promise<boolean> {
    await this.#underWay.get(id)?.catch(() => {});
    if (!(await this.has(id))) return false;
    await rm(this.#pathOf(id), { force: true });
    this.#index?.remove(id);
    return true;
  }

  async #write(id: ContentId, bytes: Uint8Array): Promise<void> {
    await this.#leaving.get(id);
    const path = this.#pathOf(id);
    const previous = await fileAt(path);
    if (previous?.size === bytes.length && contentIdOf(await readFile(path)) === id)
      return this.#used(id, previous);
    await this.#makeRoom(id, bytes.length);
    try {
      const { folder } = this.#options;
      await place(bytes, join(folder, UNFINISHED, toHex(this.#random.bytes(16))), path);
    } catch (error) {
      if (previous === null) this.#index?.remove(id);
      else this.#index?.set(id, previous.size);
      throw error;
    }
  }

  async #makeRoom(id: ContentId, sizeBytes: number): Promise<void> {
    if (this.#index === null) return;
    const evicted = this.#index.reserve(id, sizeBytes);
    if (evicted === null) throw full(this.#options, sizeBytes);
    await this.#remove(evicted);
  }

  async #remove(evicted: readonly ContentId[]): Promise<void> {
    const removals = evicted.map((gone) => {
      const removal = rm(this.#pathOf(gone), { force: true });
      this.#leaving.set(
        gone,
        removal.catch(() => {}).finally(() => this.#leaving.delete(gone)),
      );
      return removal;
    });
    await Promise.all(removals);
  }

  /** An order of use that is true to the hour is worth a write an hour. */
  async #used(id: ContentId, { mtimeMs }: { mtimeMs: number }): Promise<void> {
    this.#index?.touch(id);
    const now = this.#clock.now();
    if (this.#index === null || now - mtimeMs < USE_NOTED_MS) return;
    await utimes(this.#pathOf(id), now / 1_000, now / 1_000).catch(nullIfMissing);
  }

  #pathOf(id: ContentId): string {
    return join(this.#options.folder, shardOf(id), contentId.parse(id));
  }
}

const UNFINISHED = "unfinished";
const USE_NOTED_MS = 3_600_000;

/** In a shared folder others may be writing now, but nobody for so long. */
const ABANDONED_MS = 3_600_000;

async function removeUnfinished(folder: string, untilMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await fileAt(path);
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

/** Least recently used first. */
async function byUse(folder: string): Promise<{ id: ContentId; sizeBytes: number }[]> {
  const found: { id: ContentId; sizeBytes: number; usedMs: number }[] = [];
  for (const shard of await shardsOf(folder))
    for (const name of await readdir(join(folder, shard))) {
      const file = await fileAt(join(folder, shard, name));
      if (file === null || !contentId.safeParse(name).success) continue;
      found.push({ id: name as ContentId, sizeBytes: file.size, usedMs: file.mtimeMs });
    }
  return found.sort((one, other) => one.usedMs - other.usedMs);
}

const fileAt = (path: string) => stat(path).catch(nullIfMissing);

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

const tooLarge = (sizeBytes: number, maxBytes: number) =>
  new StorageError(
    "OBJECT_TOO_LARGE",
    `an object of ${sizeBytes} bytes exceeds the limit of ${maxBytes}`,
    { detail: { sizeBytes } },
  );

const full = (options: FolderStoreOptions, sizeBytes: number) =>
  new StorageError(
    "STORE_FULL",
    `${options.folder} may hold ${options.maxTotalBytes} bytes and has no room for ${sizeBytes} more beside what is needed: raise the limit, or wait until tasks are done`,
    { detail: { sizeBytes, maxTotalBytes: options.maxTotalBytes } },
  );
