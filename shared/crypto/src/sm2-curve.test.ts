import { toHex } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { CURVE, isCanonicalSignature, isCompressedPoint } from "./sm2-curve.ts";

const ONE = "1".padStart(64, "0");
const ZERO = "0".repeat(64);
const nMinus1 = `${CURVE.n.slice(0, -1)}2`;

test("the range of r and s is decided here, and does not wait for a library", () => {
  for (const half of [ONE, nMinus1]) expect(isCanonicalSignature(half + half)).toBe(true);
  for (const half of [ZERO, CURVE.n, "f".repeat(64)]) {
    expect(isCanonicalSignature(half + ONE), `r = ${half}`).toBe(false);
    expect(isCanonicalSignature(ONE + half), `s = ${half}`).toBe(false);
  }
});

test("of the first bytes that SEC 1 knows, only the two of compressed points pass", () => {
  const passing = Array.from({ length: 256 }, (_, byte) => toHex(Uint8Array.of(byte))).filter(
    (byte) => isCompressedPoint(byte + CURVE.gx),
  );
  expect(passing).toEqual(["02", "03"]);
});
