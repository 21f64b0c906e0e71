import { createHash, hash } from "node:crypto";
import { concat, type Digest } from "@meshwork/foundation";

/** SM3 (GB/T 32905) of the parts, one after the other, through OpenSSL. */
export function sm3(...parts: readonly Uint8Array[]): Uint8Array {
  // As text with a character a byte: memory outside of the heap for 32 bytes costs more than to hash them.
  return bytesOf(digestAs(parts, "binary"));
}

export function sm3Hex(...parts: readonly Uint8Array[]): Digest {
  return digestAs(parts, "hex") as Digest;
}

/** Parts that are shorter together are copied into one. */
const WORTH_A_STREAM = 65_536;

/** One-shot hashing saves the hash object, which costs more than hashing a short input does. */
function digestAs(parts: readonly Uint8Array[], encoding: "binary" | "hex"): string {
  const [only] = parts;
  if (parts.length === 1 && only) return hash("sm3", only, encoding);
  if (parts.reduce((length, part) => length + part.length, 0) < WORTH_A_STREAM)
    return hash("sm3", concat(...parts), encoding);
  const state = createHash("sm3");
  for (const part of parts) state.update(part);
  return state.digest(encoding);
}

function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
