/** Small byte helpers that work in Node and in a browser alike. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** The value of each lower-case hex digit's character code. */
const DIGITS = new Int8Array(128).fill(-1);
for (let digit = 0; digit < 16; digit++) DIGITS[digit.toString(16).charCodeAt(0)] = digit;

/** Lower-case hex of an even length only; anything else is the caller's mistake. */
export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  if (hex.length % 2 !== 0) throw notHex(hex);
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = DIGITS[hex.charCodeAt(2 * i)] ?? -1;
    const low = DIGITS[hex.charCodeAt(2 * i + 1)] ?? -1;
    if (high < 0 || low < 0) throw notHex(hex);
    bytes[i] = 16 * high + low;
  }
  return bytes;
}

const notHex = (hex: string) => new TypeError(`not lower-case hex: ${hex.slice(0, 80)}`);

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** A loop, since a call for each byte of a block took longer than all else that is done to it. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Lexicographic, as LevelDB orders its keys. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const encoder = new TextEncoder();
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Throws on malformed UTF-8: two byte strings must never read as the same text. */
export const fromUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes);

/** Big-endian, eight bytes, 0 ≤ value < 2^64. */
export function uint64(value: number | bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
