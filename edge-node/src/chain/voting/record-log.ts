import { type FileHandle, open } from "node:fs/promises";
import { assert, concat, equalBytes, utf8 } from "@meshwork/foundation";
import { ChainError } from "../chain-error.ts";
import { type DiskSpace, failWhenFull, isDiskFull } from "../store/disk-space.ts";
import { readIfThere, replaceFile } from "../store/durable-file.ts";
import { encodeFrame, readFrames } from "./record-frames.ts";

const MAGIC = utf8("mw-log/1");

/** Byte records in an append-only file: what `append` has resolved survives a crash. */
export interface RecordLog {
  readonly sizeBytes: number;
  /**
   * Resolves once the record is on disk. Records of one event-loop turn share one write and one
   * sync; those that arrive during a sync share the next. While the disk is full it waits; after any
   * other failure every append rejects.
   * @throws ChainError `LOG_WRITE_FAILED`
   */
  append(record: Uint8Array): Promise<void>;
  /** Puts a new file with these records alone in the log's place, atomically; leaves the old one on a full disk. */
  rewrite(records: readonly Uint8Array[]): Promise<void>;
  close(): Promise<void>;
}

/** @throws ChainError `LOG_DAMAGED`, `LOG_UNKNOWN_FORMAT` */
export async function openRecordLog(
  path: string,
  space: DiskSpace = failWhenFull,
): Promise<{ log: RecordLog; records: Uint8Array[] }> {
  const found = await readIfThere(path);
  if (found === null || found.length < MAGIC.length) await create(path, []);
  else if (!equalBytes(found.subarray(0, MAGIC.length), MAGIC)) throw unknownFormat(path);
  const body = found?.subarray(MAGIC.length) ?? new Uint8Array(0);
  const { records, intactBytes } = readFrames(body, path);
  const file = await open(path, "r+");
  const size = MAGIC.length + intactBytes;
  await file.truncate(size);
  await file.sync();
  return { log: new AppendingLog({ path, space }, file, size), records };
}

interface Waiting {
  record: Uint8Array;
  resolve: () => void;
  reject: (error: unknown) => void;
}

class AppendingLog implements RecordLog {
  readonly #path: string;
  readonly #space: DiskSpace;
  #file: FileHandle;
  #size: number;
  /** What the next write takes; null when no write is due. */
  #batch: Waiting[] | null = null;
  /** The write under way; the next one starts behind it. */
  #tail: Promise<void> = Promise.resolve();
  #failure: ChainError | null = null;

  constructor({ path, space }: { path: string; space: DiskSpace }, file: FileHandle, size: number) {
    this.#path = path;
    this.#space = space;
    this.#file = file;
    this.#size = size;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  append(record: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = { record, resolve, reject };
      if (this.#batch) return void this.#batch.push(waiting);
      const batch = [waiting];
      this.#batch = batch;
      this.#tail = this.#tail.then(() => this.#flush(batch));
    });
  }

  rewrite(records: readonly Uint8Array[]): Promise<void> {
    // A later append belongs behind the new file, not into the batch before it.
    this.#batch = null;
    const done = this.#tail.then(() => this.#attempt(() => this.#replace(records)));
    this.#tail = done.catch(() => {});
    return done;
  }

  async close(): Promise<void> {
    await this.#tail;
    await this.#file.close();
    this.#failure ??= new ChainError("LOG_WRITE_FAILED", `${this.#path} is closed`);
  }

  async #flush(batch: Waiting[]): Promise<void> {
    if (this.#batch === batch) this.#batch = null;
    try {
      await this.#attempt(() => this.#write(encodeFrame(batch.map(({ record }) => record))));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** A sync that failed once may have lost pages for good: it is never tried again. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.#failure) throw this.#failure;
    try {
      await work();
    } catch (cause) {
      this.#failure = new ChainError(
        "LOG_WRITE_FAILED",
        `cannot write ${this.#path}: free the disk or replace it, then start the node again; it signs nothing until then`,
        { cause },
      );
      throw this.#failure;
    }
  }

  /** What a full disk has cut short is no part of the log yet: the same bytes go to the same place again. */
  async #write(frame: Uint8Array): Promise<void> {
    await this.#space.write(this.#path, async () => {
      for (let done = 0; done < frame.length; ) {
        const left = frame.length - done;
        const { bytesWritten } = await this.#file.write(frame, done, left, this.#size + done);
        assert(bytesWritten > 0, "a file takes something of a write or fails");
        done += bytesWritten;
      }
      await this.#file.datasync();
    });
    this.#size += frame.length;
  }

  async #replace(records: readonly Uint8Array[]): Promise<void> {
    const size = await create(this.#path, records).catch((error) => {
      if (isDiskFull(error)) return null;
      throw error;
    });
    if (size === null) return;
    await this.#file.close();
    this.#file = await open(this.#path, "r+");
    this.#size = size;
  }
}

async function create(path: string, records: readonly Uint8Array[]): Promise<number> {
  const bytes = records.length === 0 ? MAGIC : concat(MAGIC, encodeFrame(records));
  await replaceFile(path, bytes);
  return bytes.length;
}

const unknownFormat = (path: string) =>
  new ChainError(
    "LOG_UNKNOWN_FORMAT",
    `${path} is no log of this version: start the version that wrote it, or name another folder`,
  );
