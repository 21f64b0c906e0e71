import { assert, concat, fromHex, type Signature, toHex } from "@meshwork/foundation";

/**
 * Between the 64 bytes r ‖ s that travel and the ASN.1 that OpenSSL speaks:
 * SEQUENCE { INTEGER r, INTEGER s }.
 */
export function signatureToDer(signature: Signature): Uint8Array {
  const raw = fromHex(signature);
  assert(raw.length === 64, "a signature is r ‖ s of 32 bytes each");
  const body = concat(integerToDer(raw.subarray(0, 32)), integerToDer(raw.subarray(32)));
  return concat(Uint8Array.of(SEQUENCE, body.length), body);
}

/** Accepts DER only, nothing looser; throws a TypeError on anything else. */
export function signatureFromDer(der: Uint8Array): Signature {
  const r = readInteger(der, 2);
  const s = readInteger(der, r.end);
  const isDer = der[0] === SEQUENCE && der[1] === der.length - 2 && s.end === der.length;
  const signature = `${r.hex}${s.hex}` as Signature;
  if (!isDer || toHex(signatureToDer(signature)) !== toHex(der))
    throw new TypeError("an SM2 signature must be DER of two integers of at most 32 bytes");
  return signature;
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** The shortest form, with a zero before it where the first bit would read as a sign. */
function integerToDer(fixed: Uint8Array): Uint8Array {
  const first = fixed.findIndex((byte) => byte !== 0);
  const digits = fixed.subarray(first === -1 ? fixed.length - 1 : first);
  const sign = (digits[0] as number) >= 0x80 ? [0] : [];
  return concat(Uint8Array.of(INTEGER, sign.length + digits.length), Uint8Array.from(sign), digits);
}

/** Reads loosely; the caller encodes again and compares, so that only DER survives. */
function readInteger(der: Uint8Array, start: number): { hex: string; end: number } {
  const end = start + 2 + (der[start + 1] ?? 0);
  const digits = toHex(der.subarray(start + 2, end)).replace(/^00/, "");
  if (der[start] !== INTEGER || end > der.length || digits.length > 64)
    throw new TypeError("an SM2 signature must be DER of two integers of at most 32 bytes");
  return { hex: digits.padStart(64, "0"), end };
}
