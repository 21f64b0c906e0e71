import {
  assert,
  concat,
  equalBytes,
  fromHex,
  type Key25519,
  toHex,
  type VrfProof,
} from "@meshwork/foundation";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";

/**
 * ECVRF-EDWARDS25519-SHA512-TAI of RFC 9381 (the sections named below are its): for a key and an
 * input there is exactly one output, which only the key's holder can compute and anyone can check.
 */
const SUITE = 0x03; // 5.5
const q = ed25519.Point.Fn.ORDER;

type Point = typeof ed25519.Point.BASE;

export interface VrfKeyPair {
  readonly publicKey: Key25519;
  readonly seed: Uint8Array;
}

export function vrfKeyPair(seed: Uint8Array): VrfKeyPair {
  assert(seed.length === 32, "a VRF seed is 32 bytes");
  return { publicKey: toHex(ed25519.getPublicKey(seed)) as Key25519, seed: Uint8Array.from(seed) };
}

/** 5.1. `alpha` must not be secret: how long hashing it to the curve takes depends on it. */
export function vrfProve(seed: Uint8Array, alpha: Uint8Array): VrfProof {
  assert(seed.length === 32, "a VRF seed is 32 bytes");
  const { scalar: x, prefix, point: publicPoint } = ed25519.utils.getExtendedPublicKey(seed);
  const h = encodeToCurve(publicPoint, alpha);
  const gamma = h.multiply(x);
  // 5.4.2.2, the nonce of RFC 8032: the secret prefix and H alone decide it.
  const k = littleEndian(sha512(concat(prefix, h.toBytes()))) % q;
  const c = challenge([publicPoint, h, gamma, ed25519.Point.BASE.multiply(k), h.multiply(k)]);
  const s = (k + littleEndian(c) * x) % q;
  return toHex(concat(gamma.toBytes(), c, scalarBytes(s))) as VrfProof;
}

/** 5.3: the 64-byte output if the proof holds, and null in every other case; nothing throws. */
export function vrfVerify(
  publicKey: Key25519,
  alpha: Uint8Array,
  proof: VrfProof,
): Uint8Array | null {
  const y = decodePoint(publicKey);
  const decoded = decodeProof(proof);
  // 5.4.5: the key must not be of small order, or its holder could pick among outputs.
  if (!y || !decoded || y.isSmallOrder()) return null;
  const { gamma, c, s } = decoded;
  const challengeNumber = littleEndian(c);
  const h = encodeToCurve(y, alpha);
  const u = ed25519.Point.BASE.multiplyUnsafe(s).subtract(y.multiplyUnsafe(challengeNumber));
  const v = h.multiplyUnsafe(s).subtract(gamma.multiplyUnsafe(challengeNumber));
  return equalBytes(c, challenge([y, h, gamma, u, v])) ? outputOf(gamma) : null;
}

/** 5.2: what a proof says. Trust it only for a proof that was verified or that you made. */
export function vrfOutput(proof: VrfProof): Uint8Array | null {
  const decoded = decodeProof(proof);
  return decoded && outputOf(decoded.gamma);
}

function outputOf(gamma: Point): Uint8Array {
  return sha512(
    concat(Uint8Array.of(SUITE, 0x03), gamma.clearCofactor().toBytes(), Uint8Array.of(0)),
  );
}

/** 5.4.1.1, try and increment: each try succeeds with chance one half. */
function encodeToCurve(publicPoint: Point, alpha: Uint8Array): Point {
  const head = concat(Uint8Array.of(SUITE, 0x01), publicPoint.toBytes(), alpha);
  for (let counter = 0; counter < 256; counter++) {
    const hash = sha512(concat(head, Uint8Array.of(counter, 0)));
    const point = decodePoint(toHex(hash.subarray(0, 32)))?.clearCofactor();
    if (point && !point.is0()) return point;
  }
  // One input in 2^256.
  throw new RangeError("no try reached the curve");
}

/** 5.4.3 */
function challenge(points: readonly [Point, Point, Point, Point, Point]): Uint8Array {
  const encoded = points.map((point) => point.toBytes());
  return sha512(concat(Uint8Array.of(SUITE, 0x02), ...encoded, Uint8Array.of(0))).subarray(0, 16);
}

/** 5.4.4, strictly: a point on the curve and s < q. */
function decodeProof(proof: VrfProof): { gamma: Point; c: Uint8Array; s: bigint } | null {
  if (!/^[0-9a-f]{160}$/.test(proof)) return null;
  const gamma = decodePoint(proof.slice(0, 64));
  const s = littleEndian(fromHex(proof.slice(96)));
  return gamma && s < q ? { gamma, c: fromHex(proof.slice(64, 96)), s } : null;
}

/** RFC 8032, 5.1.3: refuses y ≥ p and a negative zero. */
function decodePoint(hex: string): Point | null {
  if (!/^[0-9a-f]{64}$/.test(hex)) return null;
  try {
    return ed25519.Point.fromHex(hex, false);
  } catch {
    return null;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function scalarBytes(scalar: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((scalar >> BigInt(8 * i)) & 255n));
}
