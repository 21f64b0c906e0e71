import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import { assert, concat, equalBytes, uint64, utf8 } from "@meshwork/foundation";

/**
 * Authenticated encryption under which the same plaintext always becomes the same bytes, because a
 * task's data is named by the hash of its sealed form: nonce ‖ AES-256-GCM ciphertext ‖ tag.
 *
 * GCM breaks when two different messages share a key and a nonce. Here the nonce is the beginning of
 * HMAC-SM3 over everything that is sealed (plaintext *and* associated data: with the same nonce two
 * tags over different data would give away GCM's hash key), under a key of its own. So equal nonces
 * mean equal messages, but for a chance of k² / 2^97 after k different messages under one key. An
 * order's key seals a few thousand objects: k² / 2^97 < 2^-72. What it does give away is *that* two
 * objects of one order are equal; their sealed hashes are meant to show that.
 */
export interface SealOptions {
  /** Bound to the sealed bytes without being in them: opening must name the same. @default empty */
  readonly context?: Uint8Array;
}

export function sealBytes(
  key: Uint8Array,
  plaintext: Uint8Array,
  { context = NOTHING }: SealOptions = {},
): Uint8Array {
  const keys = subkeys(key);
  const nonce = nonceFor(keys.nonceKey, plaintext, context);
  const cipher = createCipheriv("aes-256-gcm", keys.cipherKey, nonce).setAAD(context);
  return concat(nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** Null when the key or the context is another, or a bit was changed, or the nonce was chosen. */
export function openBytes(
  key: Uint8Array,
  sealed: Uint8Array,
  { context = NOTHING }: SealOptions = {},
): Uint8Array | null {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return null;
  const keys = subkeys(key);
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const body = sealed.subarray(NONCE_BYTES, -TAG_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", keys.cipherKey, nonce)
    .setAAD(context)
    .setAuthTag(sealed.subarray(-TAG_BYTES));
  let plaintext: Uint8Array;
  try {
    plaintext = concat(decipher.update(body), decipher.final());
  } catch {
    return null;
  }
  // One plaintext, one sealed form: so that nobody can publish the same data under two names.
  return equalBytes(nonce, nonceFor(keys.nonceKey, plaintext, context)) ? plaintext : null;
}

const NOTHING = new Uint8Array(0);
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

function subkeys(key: Uint8Array): { cipherKey: Uint8Array; nonceKey: Uint8Array } {
  assert(key.length === 32, "a sealing key is 32 bytes");
  const both = new Uint8Array(hkdfSync("sm3", key, NOTHING, utf8("meshwork/seal/1"), 64));
  return { cipherKey: both.subarray(0, 32), nonceKey: both.subarray(32) };
}

function nonceFor(nonceKey: Uint8Array, plaintext: Uint8Array, context: Uint8Array): Uint8Array {
  return createHmac("sm3", nonceKey)
    .update(uint64(context.length))
    .update(context)
    .update(plaintext)
    .digest()
    .subarray(0, NONCE_BYTES);
}
