import { concat, fromHex } from "@meshwork/foundation";

/**
 * The one DER form in which SM2 keys go into OpenSSL: id-ecPublicKey with the named curve
 * 1.2.156.10197.1.301, the secret with its public point, points uncompressed (RFC 5208, 5480, 5915).
 * Every field has a fixed width, so the ASN.1 around them is constant.
 */
const PKCS8_HEAD = fromHex(
  "308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420",
);
const PKCS8_MIDDLE = fromHex("a144034200");
const SPKI_HEAD = fromHex("3059301306072a8648ce3d020106082a811ccf5501822d034200");

export function pkcs8Of(secret: Uint8Array, point: Uint8Array): Buffer {
  return Buffer.from(concat(PKCS8_HEAD, secret, PKCS8_MIDDLE, point));
}

/** Only for what `pkcs8Of` made, or for a caller who encodes the result again and compares. */
export function secretOfPkcs8(der: Uint8Array): Uint8Array {
  return Uint8Array.from(der.subarray(PKCS8_HEAD.length, PKCS8_HEAD.length + 32));
}

export function spkiOf(point: Uint8Array): Buffer {
  return Buffer.from(concat(SPKI_HEAD, point));
}

/** As `secretOfPkcs8`. */
export function pointOfSpki(der: Uint8Array): Uint8Array {
  return Uint8Array.from(der.subarray(SPKI_HEAD.length));
}
