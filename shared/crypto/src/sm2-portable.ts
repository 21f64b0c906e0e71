import { AssertionError, BoundedMap, fromHex, limits, type PublicKey } from "@meshwork/foundation";
import { type WeierstrassPoint, weierstrass } from "@noble/curves/abstract/weierstrass.js";
import type { Verify } from "./sm2-contract.ts";
import { CURVE, isCanonicalSignature, isCompressedPoint, zPreimage } from "./sm2-curve.ts";
import { sm3 } from "./sm3-portable.ts";

/** SM2 verification where there is no OpenSSL. It holds no secret, so its timing may vary. */
export const verify: Verify = (publicKey, message, signature) => {
  if (!isCanonicalSignature(signature)) return false;
  const signer = importPublicKey(publicKey);
  if (!signer) return false;
  // GM/T 0003.2, 7.1: the range of r and s (B1, B2) is checked above.
  const r = numberFromHex(signature.slice(0, 64));
  const s = numberFromHex(signature.slice(64));
  const e = numberFromBytes(sm3(signer.z, message)); // B3, B4
  const t = (r + s) % n;
  if (t === 0n) return false; // B5
  const sum = Point.BASE.mulAddUnsafe(s, signer.point, t); // B6
  if (sum.is0()) return false;
  return (e + sum.x) % n === r; // B7
};

/**
 * Rooms that run in both places import `sign` beside `verify`, so the name must be here. It cannot
 * be called: only `sm2.ts` makes key pairs, since only OpenSSL signs without leaking time.
 */
export function sign(): never {
  throw new AssertionError("there are no SM2 key pairs without OpenSSL: sign under Node");
}

export function isPublicKey(publicKey: PublicKey): boolean {
  return importPublicKey(publicKey) !== undefined;
}

const n = numberFromHex(CURVE.n);
const Point = weierstrass({
  p: numberFromHex(CURVE.p),
  a: numberFromHex(CURVE.a),
  b: numberFromHex(CURVE.b),
  Gx: numberFromHex(CURVE.gx),
  Gy: numberFromHex(CURVE.gy),
  n,
  h: 1n,
});

interface ImportedKey {
  readonly point: WeierstrassPoint<bigint>;
  readonly z: Uint8Array;
}
const imported = new BoundedMap<PublicKey, ImportedKey>(limits.importedPublicKeys);

function importPublicKey(publicKey: PublicKey): ImportedKey | undefined {
  if (!isCompressedPoint(publicKey)) return undefined;
  const known = imported.get(publicKey);
  if (known) return known;
  try {
    const point = Point.fromBytes(fromHex(publicKey));
    const entry = { point, z: sm3(zPreimage(point.toBytes(false).subarray(1))) };
    imported.set(publicKey, entry);
    return entry;
  } catch {
    return undefined;
  }
}

function numberFromHex(hex: string): bigint {
  return BigInt(`0x${hex}`);
}

function numberFromBytes(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
