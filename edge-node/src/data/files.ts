import { createHmac } from "node:crypto";
import { sealChunk, sha256Hex } from "@meshwork/crypto";
import {
  type Clock,
  type ContentId,
  type Digest,
  type FileId,
  fromHex,
  limits,
  type NodeId,
  toHex,
  utf8,
} from "@meshwork/foundation";
import { contentIdOfDigest, digestOfContentId } from "@meshwork/storage";
import type { Blobs } from "./blobs.ts";
import { FileError } from "./file-error.ts";
import {
  checkChunkList,
  chunkBytesAt,
  type FileMap,
  openPlaced,
  SEALED_CHUNK_BYTES,
} from "./file-map.ts";
import { type FileRecord, type FileRecords, openFileRecords } from "./file-records.ts";

/** A file, and whose it is. Nobody is told of another's. */
export interface OwnFile {
  account: NodeId;
  id: FileId;
}

/** Files that requesters have brought, or are bringing, chunk by chunk. */
export interface Files {
  /**
   * Announces a file by the hashes of its chunks; gives the numbers of those that are not here yet. So an upload
   * that broke off goes on where it was, after a restart too.
   * @throws FileError `FILE_HASH_MISMATCH`, `FILE_QUOTA_EXCEEDED`
   */
  announce(
    file: OwnFile,
    list: { sizeBytes: number; chunks: readonly Digest[] },
  ): Promise<number[]>;
  /** Durable when it resolves. @throws FileError `FILE_UNKNOWN`, `FILE_HASH_MISMATCH`; or the store's refusal */
  putChunk(file: OwnFile, index: number, chunk: Uint8Array): Promise<void>;
  /** The hashes of the chunks, and the size. @throws FileError `FILE_UNKNOWN` */
  list(file: OwnFile): { sizeBytes: number; chunks: Digest[] };
  /** @throws FileError `FILE_UNKNOWN`, `FILE_INCOMPLETE` */
  chunk(file: OwnFile, index: number): Promise<Uint8Array>;
  /** For those who run an order on it. @throws FileError `FILE_UNKNOWN`, `FILE_INCOMPLETE` */
  mapOf(file: OwnFile): FileMap;
  /** Whether a file here has this sealed chunk: then nothing else pushes it out. */
  names(sealed: ContentId): boolean;
  /** Forgets files that nobody has used for `limits.fileKeptMs`, and that no open order names. */
  forgetUnused(isOrdered: (id: FileId) => boolean): Promise<void>;
}

export interface FilesParts {
  blobs: Pick<Blobs, "put" | "fetch">;
  /** Gives room at once; what is still pinned by an order stays. */
  drop(id: ContentId): Promise<unknown>;
  clock: Clock;
  /** What the keys of files derive from: 32 secret bytes. */
  root: Uint8Array;
}

export interface FilesOptions {
  folder: string;
  /** All files together, by the size that was announced. */
  maxBytes: number;
  /** Those of one account. */
  maxBytesPerAccount: number;
}

export async function openFiles(parts: FilesParts, options: FilesOptions): Promise<Files> {
  return new KeptFiles(parts, options, await openFileRecords(options.folder, parts.clock));
}

class KeptFiles implements Files {
  readonly #parts: FilesParts;
  readonly #options: FilesOptions;
  readonly #records: FileRecords;

  constructor(parts: FilesParts, options: FilesOptions, records: FileRecords) {
    this.#parts = parts;
    this.#options = options;
    this.#records = records;
  }

  async announce(file: OwnFile, list: { sizeBytes: number; chunks: readonly Digest[] }) {
    const { account, id } = file;
    checkChunkList({ id, ...list }, list.chunks);
    let record = this.#records.get(account, id);
    if (record === undefined) {
      refuseWithoutRoom(this.#records, { ...file, ...list }, this.#options);
      record = await this.#records.add(account, { id, ...list });
    }
    this.#records.touch(record);
    return record.missing();
  }

  async putChunk(file: OwnFile, index: number, chunk: Uint8Array): Promise<void> {
    const record = this.#find(file);
    const expected = record.plainAt(index);
    const isRight = chunk.length === chunkBytesAt(record.sizeBytes, index);
    if (expected === null || !isRight || sha256Hex(chunk) !== expected)
      throw new FileError(
        "FILE_HASH_MISMATCH",
        `these ${chunk.length} bytes are not chunk ${index} of ${file.id}: send the one that its list names`,
        { detail: { id: file.id, index } },
      );
    const place = { key: fromHex(this.#keyOf(file)), file: file.id, index };
    const sealed = await this.#parts.blobs.put(sealChunk(place, chunk));
    await this.#records.setSealed(record, index, digestOfContentId(sealed));
  }

  list(file: OwnFile): { sizeBytes: number; chunks: Digest[] } {
    const record = this.#find(file);
    return { sizeBytes: record.sizeBytes, chunks: record.plain() };
  }

  async chunk(file: OwnFile, index: number): Promise<Uint8Array> {
    const record = this.#find(file);
    const sealed = index < record.count ? record.sealedAt(index) : null;
    if (sealed === null) throw incomplete(file.id, 1);
    this.#records.touch(record);
    const place = { key: fromHex(this.#keyOf(file)), file: file.id, index };
    const found = await this.#parts.blobs.fetch(contentIdOfDigest(sealed), {
      hints: [],
      maxBytes: SEALED_CHUNK_BYTES,
    });
    return openPlaced(place, record.plainAt(index), found);
  }

  mapOf(file: OwnFile): FileMap {
    const record = this.#find(file);
    const missing = record.missing();
    if (missing.length > 0) throw incomplete(file.id, missing.length);
    this.#records.touch(record);
    return { sizeBytes: record.sizeBytes, key: this.#keyOf(file), chunks: record.chunks() };
  }

  names(sealed: ContentId): boolean {
    return this.#records.names(sealed);
  }

  async forgetUnused(isOrdered: (id: FileId) => boolean): Promise<void> {
    const until = this.#parts.clock.now() - limits.fileKeptMs;
    for (const record of this.#records.all()) {
      if (record.usedMs > until || isOrdered(record.id)) continue;
      for (const id of await this.#records.remove(record)) await this.#parts.drop(id);
    }
  }

  /** One key for one file of one account: see `sealChunk`. */
  #keyOf({ account, id }: OwnFile): Digest {
    const context = utf8(`meshwork/file-key/1/${account}/${id}`);
    return toHex(createHmac("sm3", this.#parts.root).update(context).digest()) as Digest;
  }

  #find({ account, id }: OwnFile): FileRecord {
    const record = this.#records.get(account, id);
    if (record) return record;
    throw new FileError(
      "FILE_UNKNOWN",
      `${account} has brought no file ${id} here, or it was not used for ${limits.fileKeptMs} ms: upload it`,
      { detail: { id } },
    );
  }
}

const incomplete = (id: FileId, missing: number) =>
  new FileError("FILE_INCOMPLETE", `${missing} chunks of ${id} are not here: upload them first`, {
    detail: { id, missing },
  });

function refuseWithoutRoom(
  records: FileRecords,
  { account, id, sizeBytes }: OwnFile & { sizeBytes: number },
  { maxBytes, maxBytesPerAccount }: FilesOptions,
): void {
  const [whose, taken, most] =
    records.bytesOf(account) + sizeBytes > maxBytesPerAccount
      ? ["this account", records.bytesOf(account), maxBytesPerAccount]
      : ["all accounts", records.bytesOf(null), maxBytes];
  if (taken + sizeBytes <= most && records.size < limits.files) return;
  throw new FileError(
    "FILE_QUOTA_EXCEEDED",
    `${id} has ${sizeBytes} bytes; ${records.size} files wait here, those of ${whose} with ${taken} bytes, and ${most} are allowed: wait until older ones are forgotten, or bring it to another gateway`,
    { detail: { id, sizeBytes, taken, most } },
  );
}
