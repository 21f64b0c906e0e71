import { digestBytesOf } from "@meshwork/crypto";
import { assert, type Digest, fromHex, uint64 } from "@meshwork/foundation";

/**
 * Chance that everybody can repeat: whole numbers from a seed, each equally likely. Rejection
 * sampling on an SM3 counter; no remainder is biased, and no float is involved.
 */
export type SeededDraw = (bound: number) => number;

/** @returns a function that gives the next number, 0 ≤ number < bound ≤ 2^53. */
export function seededDraw(seed: Digest): SeededDraw {
  const seedBytes = fromHex(seed);
  let counter = 0;
  return (bound) => {
    assert(Number.isSafeInteger(bound) && bound > 0, `cannot draw below ${bound}`);
    for (;;) {
      const bytes = digestBytesOf("meshwork/draw/1", seedBytes, uint64(counter++));
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const number = (view.getUint32(0) >>> 11) * 2 ** 32 + view.getUint32(4);
      // What lies above the last whole multiple of `bound` would favour small numbers.
      if (number < 2 ** 53 - (2 ** 53 % bound)) return number % bound;
    }
  };
}
