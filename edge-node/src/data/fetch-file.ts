import { type ContentId, codeOf, type FileId, limits, type NodeId } from "@meshwork/foundation";
import { contentIdOfDigest } from "@meshwork/storage";
import type { Blobs, FetchOptions } from "./blobs.ts";
import { FileError } from "./file-error.ts";
import {
  checkChunkList,
  type FileMap,
  fileMap,
  openMapped,
  SEALED_CHUNK_BYTES,
} from "./file-map.ts";

/** A file whose chunks are all here, sealed. Memory holds those alone that are being read. */
export interface StoredFile {
  readonly sizeBytes: number;
  /** @throws FileError, BlobError when its bytes were lost here and nobody has them */
  chunk(index: number): Promise<Uint8Array<ArrayBuffer>>;
}

export interface FileSource {
  id: FileId;
  sizeBytes: number;
  /** The map, opened. */
  map: Uint8Array;
}

export type FetchFileOptions = Pick<FetchOptions, "hints" | "orderId"> & { signal: AbortSignal };

/** Many want many chunks of few at a time: who is busy is asked again for 16 seconds. */
const ROUNDS = 12;

/**
 * Brings a file's chunks here, a few at a time and from several peers at once, and holds each against the
 * file's name. What is here already is not asked for again: so a fetch that broke off goes on where it was.
 */
export async function fetchFile(
  blobs: Pick<Blobs, "fetch">,
  { id, sizeBytes, map: bytes }: FileSource,
  options: FetchFileOptions,
): Promise<StoredFile> {
  const map = readMap({ id, sizeBytes }, bytes);
  const fetchChunk = async (index: number, hints: readonly NodeId[], mustKeep: boolean) => {
    const sealed = await blobs.fetch(sealedIdOf(map, index), {
      ...options,
      ...{ hints, mustKeep, maxBytes: SEALED_CHUNK_BYTES, rounds: ROUNDS },
    });
    return openMapped({ id, map }, index, sealed);
  };
  await inTurns(map.chunks.length, limits.fileTransfers, async (index) => {
    // Another peer first for each: so all who have the file share in bringing it.
    await fetchChunk(index, rotated(options.hints, index), true);
  });
  return { sizeBytes, chunk: (index) => fetchChunk(index, options.hints, false) };
}

function readMap(file: { id: FileId; sizeBytes: number }, bytes: Uint8Array): FileMap {
  const map = fileMap.decode(bytes);
  const plain = map.chunks.map((chunk) => chunk.plain);
  if (map.sizeBytes === file.sizeBytes) checkChunkList(file, plain);
  else
    throw new FileError(
      "FILE_HASH_MISMATCH",
      `the map of ${file.id} is of ${map.sizeBytes} bytes, the contract's file has ${file.sizeBytes}`,
    );
  return map;
}

function sealedIdOf({ chunks }: FileMap, index: number): ContentId {
  const chunk = chunks[index];
  if (chunk !== undefined) return contentIdOfDigest(chunk.sealed);
  throw new RangeError(`there is no chunk ${index} of ${chunks.length}`);
}

const rotated = <T>(list: readonly T[], by: number): T[] => {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
};

/** Does it for 0 to `count` - 1, `atOnce` at a time. The first failure ends the others' turns. */
async function inTurns(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failure: { error: unknown } | null = null;
  const worker = async () => {
    while (next < count && failure === null)
      await work(next++).catch((error) => {
        failure ??= { error };
      });
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const failed = failure as { error: unknown } | null;
  if (failed === null) return;
  if (codeOf(failed.error) !== "STORE_FULL") throw failed.error;
  throw new FileError(
    "FILE_TOO_LARGE",
    "a file of the task does not fit beside what other tasks need here: give this node more MESHWORK_OBJECTS_MB",
    { cause: failed.error },
  );
}
