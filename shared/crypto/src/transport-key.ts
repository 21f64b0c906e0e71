import { createPrivateKey, hkdfSync, type KeyObject, sign } from "node:crypto";
import {
  assert,
  concat,
  fromHex,
  type Key25519,
  type TransportSignature,
  toHex,
  uint64,
  utf8,
} from "@meshwork/foundation";
import { ed25519 } from "@noble/curves/ed25519.js";

/**
 * libp2p knows no SM2 keys, so a node's transport key is Ed25519, derived from its SM2 secret: one
 * backup holds both, and raising `keyVersion` replaces the transport key alone.
 */
export function deriveTransportSeed(secret: Uint8Array, keyVersion: number): Uint8Array {
  return deriveSeed(secret, "transport", keyVersion);
}

/** What a node derives from its SM2 secret; a seed serves one purpose only. */
export type SeedPurpose = "transport" | "vrf" | "sealing" | "tasks";

/** HKDF-SM3 (RFC 5869) without salt: the secret is uniformly random already. 32 bytes. */
export function deriveSeed(
  secret: Uint8Array,
  purpose: SeedPurpose,
  keyVersion: number,
): Uint8Array {
  assert(secret.length === 32, "seeds derive from the 32 bytes of an SM2 secret");
  assert(Number.isSafeInteger(keyVersion) && keyVersion >= 0, "keyVersion counts from 0");
  const info = concat(utf8(`meshwork/${purpose}-seed/1`), uint64(keyVersion));
  return new Uint8Array(hkdfSync("sm3", secret, new Uint8Array(0), info, 32));
}

export interface Ed25519KeyPair {
  readonly publicKey: Key25519;
  readonly privateKey: KeyObject;
}

export function ed25519KeyPair(seed: Uint8Array): Ed25519KeyPair {
  assert(seed.length === 32, "an Ed25519 seed is 32 bytes");
  return {
    publicKey: toHex(ed25519.getPublicKey(seed)) as Key25519,
    privateKey: createPrivateKey({
      key: Buffer.concat([PKCS8_HEAD, seed]),
      format: "der",
      type: "pkcs8",
    }),
  };
}

export function ed25519Sign(keyPair: Ed25519KeyPair, message: Uint8Array): TransportSignature {
  return toHex(sign(null, message, keyPair.privateKey)) as TransportSignature;
}

/** RFC 8410: the DER before an Ed25519 seed. */
const PKCS8_HEAD = fromHex("302e020100300506032b657004220420");
