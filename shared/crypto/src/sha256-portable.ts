import { type Digest, toHex } from "@meshwork/foundation";
import { sha256 } from "@noble/hashes/sha2.js";

/** `sha256.ts` for places without OpenSSL. */
export function sha256Hex(bytes: Uint8Array): Digest {
  return toHex(sha256(bytes)) as Digest;
}
