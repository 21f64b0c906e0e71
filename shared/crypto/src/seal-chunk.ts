import { createCipheriv, createDecipheriv } from "node:crypto";
import { assert, concat, uint64, utf8 } from "@meshwork/foundation";

/**
 * Authenticated encryption of one chunk of a file, bound to its place: chunks of one file cannot change
 * places, and none of another file can take their place. AES-256-GCM, ciphertext ‖ tag.
 *
 * The nonce is the chunk's number, which is safe only because a key seals one file: it is derived from the
 * file's name, and the name fixes every chunk. Whoever seals holds a chunk against the name first. It costs
 * a third of what `sealBytes` does, whose nonce is made from the bytes.
 */
export interface ChunkPlace {
  /** 32 bytes that seal this file and nothing else. */
  key: Uint8Array;
  /** The file's name. */
  file: string;
  /** The chunk's number, from 0. */
  index: number;
}

export const CHUNK_SEAL_BYTES = 16;

export function sealChunk({ key, file, index }: ChunkPlace, chunk: Uint8Array): Uint8Array {
  assert(key.length === 32, "a sealing key is 32 bytes");
  const cipher = createCipheriv("aes-256-gcm", key, nonceOf(index)).setAAD(contextOf(file, index));
  return concat(cipher.update(chunk), cipher.final(), cipher.getAuthTag());
}

/** Null when it was not sealed for this place with this key. */
export function openChunk(
  { key, file, index }: ChunkPlace,
  sealed: Uint8Array,
): Uint8Array<ArrayBuffer> | null {
  assert(key.length === 32, "a sealing key is 32 bytes");
  if (sealed.length < CHUNK_SEAL_BYTES) return null;
  const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(index))
    .setAAD(contextOf(file, index))
    .setAuthTag(sealed.subarray(-CHUNK_SEAL_BYTES));
  try {
    const chunk = decipher.update(sealed.subarray(0, -CHUNK_SEAL_BYTES));
    decipher.final();
    return new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.length);
  } catch {
    return null;
  }
}

const nonceOf = (index: number): Uint8Array => concat(new Uint8Array(4), uint64(index));

const contextOf = (file: string, index: number): Uint8Array =>
  concat(utf8("meshwork/chunk/1"), uint64(index), utf8(file));
