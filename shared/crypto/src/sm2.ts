import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  createSign,
  createVerify,
  ECDH,
  type KeyObject,
} from "node:crypto";
import {
  assert,
  BoundedMap,
  CodedError,
  concat,
  fromHex,
  limits,
  type PublicKey,
  type Random,
  type Signature,
  systemRandom,
  toHex,
} from "@meshwork/foundation";
import { pkcs8Of, secretOfPkcs8, spkiOf } from "./key-der.ts";
import { rawSignatureToDer, signatureFromDer, signatureToDer } from "./signature-der.ts";
import type { Verify } from "./sm2-contract.ts";
import { CURVE, isCanonicalSignature, isCompressedPoint, zPreimage } from "./sm2-curve.ts";
import { sm3 } from "./sm3.ts";

/**
 * SM2 (GM/T 0003.2) through Node's OpenSSL. OpenSSL is given e's input whole, Z ‖ message, because
 * Node cannot tell it a signer ID: its one-shot `sign` uses the empty one.
 */
export interface KeyPair {
  readonly publicKey: PublicKey;
  /** OpenSSL holds the secret: it is never printed, and leaves only by `secretOf`. */
  readonly privateKey: KeyObject;
}

export class Sm2KeyError extends CodedError<"INVALID_SECRET" | "INVALID_PUBLIC_KEY"> {}

export function generateKeyPair(random: Random = systemRandom): KeyPair {
  // One draw in 2^32 is out of range: a second such draw in a row means a broken generator.
  const secret = [random.bytes(32), random.bytes(32)].find(isValidSecret);
  assert(secret, "chance gives SM2 secrets in range");
  return keyPairFromSecret(secret);
}

/** `secret` is d, 32 bytes big-endian. */
export function keyPairFromSecret(secret: Uint8Array): KeyPair {
  if (!isValidSecret(secret))
    throw new Sm2KeyError(
      "INVALID_SECRET",
      `an SM2 secret is 32 bytes with 1 ≤ d ≤ n − 2; got ${secret.length} bytes or a number out of range`,
    );
  const ecdh = createECDH("SM2");
  ecdh.setPrivateKey(secret);
  const point = ecdh.getPublicKey();
  return {
    publicKey: compressedHex(point),
    // Only a key that went through PKCS#8 signs SM2; one straight from the generator signs ECDSA.
    privateKey: createPrivateKey({
      key: pkcs8Of(secret, point),
      format: "der",
      type: "pkcs8",
    }),
  };
}

/** The 32 bytes of d: for the keystore and for deriving other keys; wipe what you can. */
export function secretOf(keyPair: KeyPair): Uint8Array {
  return secretOfPkcs8(keyPair.privateKey.export({ format: "der", type: "pkcs8" }));
}

export function sign(keyPair: KeyPair, message: Uint8Array): Signature {
  const { z } = requirePublicKey(keyPair.publicKey);
  const der = createSign("sm3").update(z).update(message).sign(keyPair.privateKey);
  return signatureFromDer(der);
}

export const verify: Verify = (publicKey, message, signature) => {
  if (!isCanonicalSignature(signature)) return false;
  const signer = importPublicKey(publicKey);
  return signer !== undefined && holds(signer, message, signatureToDer(signature));
};

/**
 * The same for a canonical signature r ‖ s and a key that somebody has decompressed already: 04 ‖ x ‖ y, or
 * anything, of which it says no.
 */
export function verifyAt(point: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (point[0] !== 4) return false;
  const publicKey = compressedHex(point);
  const signer = imported.get(publicKey) ?? importPoint(publicKey, point);
  return holds(signer, message, rawSignatureToDer(signature));
}

const holds = ({ key, z }: ImportedKey, message: Uint8Array, der: Uint8Array): boolean =>
  createVerify("sm3").update(z).update(message).verify(key, der);

/**
 * Whether this is the compressed form of a point on the curve. Who asks for this alone lets others check
 * the signatures: so it makes no key object, which costs twice as much as the point.
 */
export function isPublicKey(publicKey: PublicKey): boolean {
  return pointOf(publicKey) !== undefined;
}

/** The same key as OpenSSL's object: for export. */
export function publicKeyObject(publicKey: PublicKey): KeyObject {
  return requirePublicKey(publicKey).key;
}

interface ImportedKey {
  readonly key: KeyObject;
  readonly z: Uint8Array;
}

const points = new BoundedMap<PublicKey, Uint8Array>(limits.importedPublicKeys);
const imported = new BoundedMap<PublicKey, ImportedKey>(limits.importedPublicKeys);

function importPublicKey(publicKey: PublicKey): ImportedKey | undefined {
  const known = imported.get(publicKey);
  if (known) return known;
  const point = pointOf(publicKey);
  return point && importPoint(publicKey, point);
}

function importPoint(publicKey: PublicKey, point: Uint8Array): ImportedKey {
  const entry = {
    key: createPublicKey({ key: spkiOf(point), format: "der", type: "spki" }),
    z: sm3(zPreimage(point.subarray(1))),
  };
  imported.set(publicKey, entry);
  return entry;
}

function requirePublicKey(publicKey: PublicKey): ImportedKey {
  const entry = importPublicKey(publicKey);
  if (entry) return entry;
  throw new Sm2KeyError(
    "INVALID_PUBLIC_KEY",
    `${String(publicKey).slice(0, 80)} is not a compressed point of the SM2 curve`,
  );
}

/** 04 ‖ x ‖ y; undefined where there is no such point. */
export function pointOf(publicKey: PublicKey): Uint8Array | undefined {
  const known = points.get(publicKey);
  if (known) return known;
  const point = decompress(publicKey);
  if (point) points.set(publicKey, point);
  return point;
}

/** OpenSSL finds y, and throws where there is none. */
function decompress(publicKey: PublicKey): Uint8Array | undefined {
  if (!isCompressedPoint(publicKey)) return undefined;
  try {
    return ECDH.convertKey(
      fromHex(publicKey),
      "SM2",
      undefined,
      undefined,
      "uncompressed",
    ) as Buffer;
  } catch {
    return undefined;
  }
}

/** From the 65 bytes 04 ‖ x ‖ y, which the caller knows to be a point. */
export function compressedHex(point: Uint8Array): PublicKey {
  const parity = (point[64] as number) & 1;
  return toHex(concat(Uint8Array.of(2 + parity), point.subarray(1, 33))) as PublicKey;
}

/** 1 ≤ d ≤ n − 2: with d = n − 1 the factor (1 + d)⁻¹ does not exist, and signing never returns. */
function isValidSecret(secret: Uint8Array): boolean {
  const d = toHex(secret);
  return secret.length === 32 && d > "0".repeat(64) && d < LARGEST_SECRET_PLUS_ONE;
}
const LARGEST_SECRET_PLUS_ONE = (BigInt(`0x${CURVE.n}`) - 1n).toString(16);
