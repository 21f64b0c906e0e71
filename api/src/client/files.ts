import { sha256Hex } from "@meshwork/crypto";
import {
  type Clock,
  CodedError,
  concat,
  type Digest,
  digest,
  type FileId,
  fromHex,
  limits,
  sleep,
} from "@meshwork/foundation";
import { fileIdOf } from "@meshwork/storage";
import { z } from "zod";
import { ClientError, refusalOf } from "./client-error.ts";
import type { Door } from "./door.ts";
import type { OutgoingRequest } from "./signed-fetch.ts";

/** Where a file's bytes come from: a chunk of them is in memory at a time, or a few. */
export interface FileSource {
  readonly sizeBytes: number;
  /** Exactly so many bytes from there. It is read twice: once for its name, once to be sent. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Where a file's bytes go. */
export interface FileSink {
  /** What lies there from an earlier try, or null: it is held against the chunk's hash. */
  read(offset: number, length: number): Promise<Uint8Array | null>;
  write(offset: number, bytes: Uint8Array): Promise<void>;
}

export interface TransferOptions {
  /** Told after each chunk, of the bytes that are where they belong. */
  onProgress?: (doneBytes: number, sizeBytes: number) => void;
  signal?: AbortSignal;
}

/** A file that lies with the gateway: an input of any number of tasks, for a day after its last use. */
export class UploadedFile {
  readonly contentId: FileId;
  readonly sizeBytes: number;

  constructor(contentId: FileId, sizeBytes: number) {
    this.contentId = contentId;
    this.sizeBytes = sizeBytes;
  }
}

interface Parts {
  door: Door;
  clock: Clock;
}

const CHUNK = limits.fileChunkBytes;

/** Uploads what the gateway has not got of it yet. */
export async function putFile(
  parts: Parts,
  source: FileSource,
  { onProgress = () => {}, signal }: TransferOptions = {},
): Promise<UploadedFile> {
  const { sizeBytes } = source;
  if (sizeBytes <= CHUNK || sizeBytes > limits.fileBytes)
    throw new ClientError(
      "TASK_INPUT_INVALID",
      `a file has more than ${CHUNK} bytes and at most ${limits.fileBytes}, this one has ${sizeBytes}: what is smaller goes with its order, and what is larger in parts`,
    );
  const chunks: Digest[] = [];
  for (let at = 0; at < sizeBytes; at += CHUNK)
    chunks.push(sha256Hex(await source.read(at, lengthAt(sizeBytes, at))));
  const id = fileIdOf(chunks, sizeBytes);
  const missing = await announce(parts, { id, sizeBytes, chunks }, signal);
  let done = sizeBytes - missing.reduce((sum, i) => sum + lengthAt(sizeBytes, i * CHUNK), 0);
  onProgress(done, sizeBytes);
  await inTurns(missing, async (index) => {
    const chunk = await source.read(index * CHUNK, lengthAt(sizeBytes, index * CHUNK));
    const body = new Uint8Array(chunk);
    await request(parts, `/files/${id}/${index}`, { method: "PUT", body, signal });
    done += chunk.length;
    onProgress(done, sizeBytes);
  });
  return new UploadedFile(id, sizeBytes);
}

/** An input of more than a chunk goes ahead of its order, as a file. */
export async function broughtIfLarge(
  parts: Parts,
  input: Uint8Array | UploadedFile,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | UploadedFile> {
  if (input instanceof UploadedFile || input.length <= CHUNK) return input;
  const source: FileSource = {
    sizeBytes: input.length,
    read: async (offset, length) => input.subarray(offset, offset + length),
  };
  return putFile(parts, source, signal ? { signal } : {});
}

/** A file of one's own that lies with the gateway. */
export async function findFile(parts: Parts, id: FileId): Promise<UploadedFile> {
  return new UploadedFile(id, (await listOf(parts, id)).sizeBytes);
}

/** Downloads what the sink has not got of it yet, and holds every chunk against the file's name. */
export async function getFile(
  parts: Parts,
  id: FileId,
  sink: FileSink,
  { onProgress = () => {}, signal }: TransferOptions = {},
): Promise<UploadedFile> {
  const { sizeBytes, chunks } = await listOf(parts, id, signal);
  let done = 0;
  await inTurns([...chunks.keys()], async (index) => {
    const at = index * CHUNK;
    const length = lengthAt(sizeBytes, at);
    const before = await sink.read(at, length);
    if (before === null || sha256Hex(before) !== chunks[index]) {
      const response = await request(parts, `/files/${id}/${index}`, { method: "GET", signal });
      const chunk = new Uint8Array(await response.arrayBuffer());
      if (sha256Hex(chunk) !== chunks[index]) throw changed(id, `chunk ${index}`);
      await sink.write(at, chunk);
    }
    done += length;
    onProgress(done, sizeBytes);
  });
  return new UploadedFile(id, sizeBytes);
}

const lengthAt = (sizeBytes: number, at: number): number => Math.min(CHUNK, sizeBytes - at);

async function announce(
  parts: Parts,
  file: { id: FileId; sizeBytes: number; chunks: readonly Digest[] },
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const response = await request(parts, `/files/${file.id}?bytes=${file.sizeBytes}`, {
    method: "PUT",
    body: concat(...file.chunks.map(fromHex)),
    signal,
  });
  const answer = missingAnswer.safeParse(await response.json());
  if (answer.success && answer.data.missing.every((index) => index < file.chunks.length))
    return answer.data.missing;
  throw new ClientError("ANSWER_INVALID", `the server does not say what it lacks of ${file.id}`);
}

const missingAnswer = z.object({ missing: z.array(z.int().min(0)) });
const listAnswer = z.object({
  sizeBytes: z.int().min(0).max(limits.fileBytes),
  chunks: z.array(digest).min(2),
});

async function listOf(parts: Parts, id: FileId, signal?: AbortSignal) {
  const response = await request(parts, `/files/${id}`, { method: "GET", signal });
  const answer = listAnswer.safeParse(await response.json());
  if (!answer.success) throw changed(id, "the list of its chunks");
  const { sizeBytes, chunks } = answer.data;
  const fits = chunks.length === Math.ceil(sizeBytes / CHUNK);
  if (!fits || fileIdOf(chunks, sizeBytes) !== id) throw changed(id, "the list of its chunks");
  return answer.data;
}

const changed = (id: FileId, what: string) =>
  new ClientError(
    "RESULT_HASH_MISMATCH",
    `${what} of ${id}, as the server sent it, is not what its name stands for: ask another gateway`,
  );

const ATTEMPTS = 6;
const PAUSE_MS = 500;
const REPEATABLE = new Set(["UNREACHABLE", "STAGING_FULL", "RATE_LIMITED", "INTERNAL"]);

/** A chunk that is sent twice is the same chunk. */
async function request(parts: Parts, path: string, outgoing: OutgoingRequest): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await parts.door.send(path, outgoing);
      if (response.ok) return response;
      const answer = (await response.json().catch(() => null)) as { error?: unknown } | null;
      throw (
        refusalOf(answer?.error) ??
        new ClientError("ANSWER_INVALID", `${path} ended with HTTP ${response.status}`)
      );
    } catch (error) {
      outgoing.signal?.throwIfAborted();
      const repeatable = error instanceof CodedError && REPEATABLE.has(error.code);
      if (!repeatable || attempt === ATTEMPTS) throw error;
      await sleep(parts.clock, PAUSE_MS * attempt, outgoing.signal ?? undefined);
    }
  }
}

/** A few at a time: the line is full, and memory is not. */
async function inTurns(
  numbers: readonly number[],
  work: (index: number) => Promise<void>,
): Promise<void> {
  const left = [...numbers];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      await work(next).catch((error) => {
        left.length = 0;
        throw error;
      });
  };
  await Promise.all(Array.from({ length: limits.fileTransfers }, worker));
}
