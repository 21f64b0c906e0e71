import { createHash, hash } from "node:crypto";
import { type Digest, toHex } from "@meshwork/foundation";

/** SM3 (GB/T 32905) of the parts, one after the other, through OpenSSL. */
export function sm3(...parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  // One-shot hashing saves the hash object, which costs more than hashing a short input does.
  if (parts.length === 1 && only) return plain(hash("sm3", only, "buffer"));
  const state = createHash("sm3");
  for (const part of parts) state.update(part);
  return plain(state.digest());
}

export function sm3Hex(...parts: readonly Uint8Array[]): Digest {
  return toHex(sm3(...parts)) as Digest;
}

/** The same memory without Buffer's own ways (its `slice` shares, its JSON differs). */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
