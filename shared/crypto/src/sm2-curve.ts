import { concat, fromHex, utf8 } from "@meshwork/foundation";
import { SIGNER_ID } from "./sm2-contract.ts";

/** The curve sm2p256v1 of GM/T 0003.5-2012, as hex of 32 bytes each. */
export const CURVE = {
  p: "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff",
  a: "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc",
  b: "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93",
  n: "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123",
  gx: "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7",
  gy: "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0",
} as const;

const signerId = utf8(SIGNER_ID);
const zPrefix = concat(
  Uint8Array.of((8 * signerId.length) >> 8, (8 * signerId.length) & 255),
  signerId,
  fromHex(CURVE.a + CURVE.b + CURVE.gx + CURVE.gy),
);

/** GM/T 0003.2, 5.5: Z = SM3(ENTL ‖ ID ‖ a ‖ b ‖ Gx ‖ Gy ‖ Px ‖ Py); this is what SM3 is taken of. */
export function zPreimage(pointXY: Uint8Array): Uint8Array {
  return concat(zPrefix, pointXY);
}

const COMPRESSED_POINT = /^0[23][0-9a-f]{64}$/;
const RAW_SIGNATURE = /^[0-9a-f]{128}$/;
const ZERO = "0".repeat(64);

export function isCompressedPoint(hex: unknown): boolean {
  return typeof hex === "string" && COMPRESSED_POINT.test(hex);
}

/**
 * 128 lower-case hex digits with both halves in [1, n − 1]. Hex of one length and case sorts like
 * the number that it writes, so text comparison is the range check.
 */
export function isCanonicalSignature(hex: unknown): boolean {
  if (typeof hex !== "string" || !RAW_SIGNATURE.test(hex)) return false;
  return [hex.slice(0, 64), hex.slice(64)].every((half) => half > ZERO && half < CURVE.n);
}
