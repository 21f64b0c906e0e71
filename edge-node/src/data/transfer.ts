import { type Clock, type ContentId, concat, limits } from "@meshwork/foundation";
import { contentIdOf } from "@meshwork/storage";
import type { Channel } from "../chain/channel.ts";
import { BlobError } from "./blob-error.ts";

/** Reads frames off a channel, each within a time limit: a silent peer holds nobody up. */
export function frameReader(channel: Channel, clock: Clock): () => Promise<Uint8Array> {
  const frames = channel[Symbol.asyncIterator]();
  return async () => {
    const late = new BlobError(
      "BLOB_TRANSFER_FAILED",
      `the peer was silent for ${limits.blobSilenceMs} ms: ask another`,
    );
    const cancel = clock.setTimer(limits.blobSilenceMs, () => channel.abort(late));
    try {
      const { done, value } = await frames.next();
      if (done) throw new BlobError("BLOB_TRANSFER_FAILED", "the peer closed the stream too soon");
      return value;
    } finally {
      cancel();
    }
  };
}

export async function sendChunks(channel: Channel, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; offset += limits.blobChunkBytes)
    await channel.send(bytes.subarray(offset, offset + limits.blobChunkBytes));
}

/** Exactly `sizeBytes`, which must be the content named `id`. Memory grows with what really arrives. */
export async function receiveChunks(
  nextFrame: () => Promise<Uint8Array>,
  sizeBytes: number,
  id: ContentId,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let received = 0; received < sizeBytes; ) {
    const chunk = await nextFrame();
    received += chunk.length;
    if (chunk.length === 0 || received > sizeBytes)
      throw new BlobError(
        "BLOB_TRANSFER_FAILED",
        `the peer sends other chunks than the ${sizeBytes} bytes that it announced for ${id}`,
      );
    chunks.push(chunk);
  }
  const bytes = concat(...chunks);
  if (contentIdOf(bytes) !== id) throw hashMismatch(id);
  return bytes;
}

export const hashMismatch = (id: ContentId) =>
  new BlobError(
    "BLOB_HASH_MISMATCH",
    `what was received for ${id} has another hash: the sender is broken or lies; ask another`,
    { detail: { id } },
  );
