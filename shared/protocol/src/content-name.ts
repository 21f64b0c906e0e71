import { type ContentId, type Digest, fromHex } from "@meshwork/foundation";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
/** CIDv1, raw, sha2-256, 32 bytes. */
const PREFIX = [0x01, 0x55, 0x12, 0x20];

/**
 * The content id of what has this sha-256, for whoever checks a receipt and carries no library for names:
 * base32 of a fixed prefix and the digest. `storage/content-id` gives the same, a test holds them together.
 */
export function contentNameOf(sha256: Digest): ContentId {
  let text = "b";
  let bits = 0;
  let value = 0;
  for (const byte of [...PREFIX, ...fromHex(sha256)]) {
    value = ((value << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >> (bits - 5)) & 31];
  }
  return (text + ALPHABET[(value << (5 - bits)) & 31]) as ContentId;
}
