import { assert, fromHex, type Signature, toHex } from "@meshwork/foundation";

/**
 * Between the 64 bytes r ‖ s that travel and the ASN.1 that OpenSSL speaks:
 * SEQUENCE { INTEGER r, INTEGER s }.
 */
export const signatureToDer = (signature: Signature): Uint8Array =>
  rawSignatureToDer(fromHex(signature));

export function rawSignatureToDer(raw: Uint8Array): Uint8Array {
  assert(raw.length === 64, "a signature is r ‖ s of 32 bytes each");
  const der = new Uint8Array(LONGEST);
  const behindR = putInteger(der, 2, raw.subarray(0, 32));
  const end = putInteger(der, behindR, raw.subarray(32));
  der.set([SEQUENCE, end - 2]);
  return der.subarray(0, end);
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

/** Two heads of two bytes and 33 bytes each, behind a head of two. */
const LONGEST = 72;

/** The shortest form, with a zero before it where the first bit would read as a sign. Returns where it ends. */
function putInteger(der: Uint8Array, at: number, fixed: Uint8Array): number {
  const first = fixed.findIndex((byte) => byte !== 0);
  const digits = fixed.subarray(first === -1 ? fixed.length - 1 : first);
  const sign = (digits[0] as number) >= 0x80 ? 1 : 0;
  der.set([INTEGER, sign + digits.length], at);
  der.set(digits, at + 2 + sign);
  return at + 2 + sign + digits.length;
}

/** Reads loosely; the caller encodes again and compares, so that only DER survives. */
function readInteger(der: Uint8Array, start: number): { hex: string; end: number } {
  const end = start + 2 + (der[start + 1] ?? 0);
  const digits = toHex(der.subarray(start + 2, end)).replace(/^00/, "");
  if (der[start] !== INTEGER || end > der.length || digits.length > 64)
    throw new TypeError("an SM2 signature must be DER of two integers of at most 32 bytes");
  return { hex: digits.padStart(64, "0"), end };
}
