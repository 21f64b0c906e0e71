import { mkdir, open, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  type ContentId,
  concat,
  type Digest,
  type FileId,
  fileId,
  fromHex,
  type NodeId,
  nodeId,
  toHex,
  uint64,
} from "@meshwork/foundation";
import { contentIdOfDigest } from "@meshwork/storage";
import { replaceFile } from "../chain/store/durable-file.ts";
import { checkChunkList } from "./file-map.ts";

/**
 * What is known of each file that requesters bring: its size, and for each chunk its hash and, once it is here,
 * the hash of its sealed form. `<folder>/<account>/<file id>` is the size in 8 bytes, and 64 a chunk, so that
 * a chunk that came is one short write, and a restart forgets none. When a file was used is the time of its record.
 */
export interface FileRecords {
  readonly size: number;
  get(account: NodeId, id: FileId): FileRecord | undefined;
  all(): FileRecord[];
  /** Announced by an account, or by all. */
  bytesOf(account: NodeId | null): number;
  add(account: NodeId, file: NewFile): Promise<FileRecord>;
  setSealed(record: FileRecord, index: number, sealed: Digest): Promise<void>;
  touch(record: FileRecord): void;
  names(sealed: ContentId): boolean;
  /** Gives the sealed chunks that no other file has. */
  remove(record: FileRecord): Promise<ContentId[]>;
}

interface NewFile {
  id: FileId;
  sizeBytes: number;
  chunks: readonly Digest[];
}

const HEAD_BYTES = 8;
const HASH_BYTES = 32;
const ENTRY_BYTES = 2 * HASH_BYTES;
const NOT_HERE = new Uint8Array(HASH_BYTES);

export class FileRecord {
  readonly account: NodeId;
  readonly id: FileId;
  readonly sizeBytes: number;
  usedMs: number;
  readonly #bytes: Uint8Array;

  constructor(owner: { account: NodeId; id: FileId }, bytes: Uint8Array, usedMs: number) {
    this.account = owner.account;
    this.id = owner.id;
    this.sizeBytes = Number(viewOf(bytes).getBigUint64(0));
    this.usedMs = usedMs;
    this.#bytes = bytes;
  }

  get count(): number {
    return Math.floor((this.#bytes.length - HEAD_BYTES) / ENTRY_BYTES);
  }

  plainAt(index: number): Digest | null {
    return index >= 0 && index < this.count ? this.#hash(index, 0) : null;
  }

  /** Null while it is not here. */
  sealedAt(index: number): Digest | null {
    const sealed = this.#hash(index, HASH_BYTES);
    return sealed === toHex(NOT_HERE) ? null : sealed;
  }

  set(index: number, sealed: Digest): void {
    this.#bytes.set(fromHex(sealed), sealedOffset(index));
  }

  plain(): Digest[] {
    return this.#each((index) => this.#hash(index, 0));
  }

  missing(): number[] {
    return this.#each((index) => index).filter((index) => this.sealedAt(index) === null);
  }

  chunks(): { plain: Digest; sealed: Digest }[] {
    return this.#each((index) => ({
      plain: this.#hash(index, 0),
      sealed: this.#hash(index, HASH_BYTES),
    }));
  }

  sealedIds(): ContentId[] {
    return this.#each((index) => this.sealedAt(index))
      .filter((sealed) => sealed !== null)
      .map(contentIdOfDigest);
  }

  #each<T>(give: (index: number) => T): T[] {
    return Array.from({ length: this.count }, (_, index) => give(index));
  }

  #hash(index: number, offset: number): Digest {
    const at = HEAD_BYTES + index * ENTRY_BYTES + offset;
    return toHex(this.#bytes.subarray(at, at + HASH_BYTES)) as Digest;
  }
}

const sealedOffset = (index: number): number => HEAD_BYTES + index * ENTRY_BYTES + HASH_BYTES;
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const keyOf = (account: NodeId, id: FileId): string => `${account}/${id}`;

export async function openFileRecords(folder: string, clock: Clock): Promise<FileRecords> {
  const records = new Map<string, FileRecord>();
  const named = new Map<ContentId, number>();
  const count = (id: ContentId, by: 1 | -1) => {
    const times = (named.get(id) ?? 0) + by;
    if (times === 0) named.delete(id);
    else named.set(id, times);
  };
  for (const record of await readAll(folder)) {
    records.set(keyOf(record.account, record.id), record);
    for (const id of record.sealedIds()) count(id, 1);
  }
  const pathOf = ({ account, id }: { account: NodeId; id: FileId }) =>
    join(folder, nodeId.parse(account), fileId.parse(id));

  return {
    get size() {
      return records.size;
    },
    get: (account, id) => records.get(keyOf(account, id)),
    all: () => [...records.values()],
    bytesOf: (account) =>
      [...records.values()]
        .filter((record) => account === null || record.account === account)
        .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    async add(account, { id, sizeBytes, chunks }) {
      const entries = chunks.flatMap((plain) => [fromHex(plain), NOT_HERE]);
      const bytes = concat(uint64(sizeBytes), ...entries);
      const record = new FileRecord({ account, id }, bytes, clock.now());
      // Counted at once, so that two who announce together cannot both take the last room.
      records.set(keyOf(account, id), record);
      try {
        await mkdir(join(folder, nodeId.parse(account)), { recursive: true, mode: 0o700 });
        await replaceFile(pathOf(record), bytes);
      } catch (error) {
        records.delete(keyOf(account, id));
        throw error;
      }
      return record;
    },
    async setSealed(record, index, sealed) {
      if (record.sealedAt(index) !== null) return;
      record.set(index, sealed);
      record.usedMs = clock.now();
      count(contentIdOfDigest(sealed), 1);
      // Not synced: what a crash of the machine forgets is uploaded once more.
      const file = await open(pathOf(record), "r+");
      try {
        await file.write(fromHex(sealed), 0, HASH_BYTES, sealedOffset(index));
      } finally {
        await file.close();
      }
    },
    touch(record) {
      record.usedMs = clock.now();
      void utimes(pathOf(record), record.usedMs / 1_000, record.usedMs / 1_000).catch(() => {});
    },
    names: (sealed) => named.has(sealed),
    async remove(record) {
      records.delete(keyOf(record.account, record.id));
      const sealed = record.sealedIds();
      for (const id of sealed) count(id, -1);
      await rm(pathOf(record), { force: true });
      return sealed.filter((id) => !named.has(id));
    },
  };
}

async function readAll(folder: string): Promise<FileRecord[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found: FileRecord[] = [];
  for (const name of await readdir(folder)) {
    const account = nodeId.safeParse(name);
    if (!account.success) continue;
    for (const file of await readdir(join(folder, name))) {
      const record = await readOne(join(folder, name, file), account.data);
      // Half-written at a crash, or damaged: it is announced again.
      if (record === null) await rm(join(folder, name, file), { force: true, recursive: true });
      else found.push(record);
    }
  }
  return found;
}

async function readOne(path: string, account: NodeId): Promise<FileRecord | null> {
  const id = fileId.safeParse(path.slice(path.lastIndexOf("/") + 1));
  const bytes = await readFile(path).catch(() => null);
  if (!id.success || bytes === null || bytes.length <= HEAD_BYTES) return null;
  const record = new FileRecord({ account, id: id.data }, bytes, (await stat(path)).mtimeMs);
  try {
    checkChunkList(record, record.plain());
    return record;
  } catch {
    return null;
  }
}
