import { createHash } from "node:crypto";
import type { ContentId, Digest } from "@meshwork/foundation";
import { contentIdOfDigest } from "../content-id.ts";
import { StorageError } from "../storage-error.ts";
import { checksumOf } from "./checksum.ts";

/** A piece of a large object: they count from 1, and all but the last have the same size. */
export interface Part {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly checksum: string;
}

const partOf = (number: number, bytes: Uint8Array): Part => ({
  number,
  bytes,
  checksum: checksumOf(bytes),
});

export const partsOf = (bytes: Uint8Array, partBytes: number): Part[] =>
  Array.from({ length: Math.ceil(bytes.length / partBytes) }, (_, i) =>
    partOf(i + 1, bytes.subarray(i * partBytes, (i + 1) * partBytes)),
  );

/**
 * Cuts a stream into parts, at least one. It ends well only if the whole was the content of `id`: so
 * who completes an upload after the last part never completes a wrong object.
 */
export async function* partsOfStream(
  source: AsyncIterable<Uint8Array>,
  expected: { id: ContentId; maxObjectBytes: number; partBytes: number },
): AsyncGenerator<Part> {
  const { id, maxObjectBytes, partBytes } = expected;
  const hash = createHash("sha256");
  let [number, totalBytes, filled] = [1, 0, 0];
  let part = new Uint8Array(partBytes);
  for await (const chunk of source) {
    totalBytes += chunk.length;
    if (totalBytes > maxObjectBytes) throw tooLarge(totalBytes, maxObjectBytes);
    hash.update(chunk);
    for (let rest = chunk; rest.length > 0; ) {
      if (filled === partBytes) {
        yield partOf(number++, part);
        [part, filled] = [new Uint8Array(partBytes), 0];
      }
      const taken = rest.subarray(0, partBytes - filled);
      part.set(taken, filled);
      filled += taken.length;
      rest = rest.subarray(taken.length);
    }
  }
  yield partOf(number, part.subarray(0, filled));
  const came = contentIdOfDigest(hash.digest("hex") as Digest);
  if (came !== id) throw notTheContent(id, came);
}

export const tooLarge = (sizeBytes: number, maxObjectBytes: number) =>
  new StorageError(
    "OBJECT_TOO_LARGE",
    `an object of ${sizeBytes} bytes or more exceeds this store's limit of ${maxObjectBytes}`,
    { detail: { sizeBytes, maxObjectBytes } },
  );

const notTheContent = (id: ContentId, came: ContentId) =>
  new StorageError(
    "OBJECT_DAMAGED",
    `the stream was announced as ${id} and was ${came}: nothing was stored; send the right bytes`,
    { detail: { id, came } },
  );
