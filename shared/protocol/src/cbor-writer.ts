import { assert, utf8 } from "@meshwork/foundation";
import type { Scalar } from "./cbor-reader.ts";

const [UINT, NEGATIVE, BYTES, TEXT, ARRAY] = [0, 1, 2, 3, 4] as const;
const [FALSE, TRUE, NULL] = [0xf4, 0xf5, 0xf6] as const;
const LARGEST = 2n ** 64n - 1n;

/** An item whose bytes are known already. */
export class Encoded {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

export type Item = Scalar | Encoded | readonly Item[];

/** The counterpart of `CborReader`: each value in the one encoding that it reads. */
export function writeCbor(item: Item): Uint8Array<ArrayBuffer> {
  const writer = new CborWriter();
  writer.write(item);
  return writer.written();
}

class CborWriter {
  #bytes = new Uint8Array(256);
  #at = 0;

  write(item: Item): void {
    if (item instanceof Encoded) this.#put(item.bytes);
    else if (item instanceof Uint8Array) {
      this.#head(BYTES, item.length);
      this.#put(item);
    } else if (typeof item === "string") {
      const text = utf8(item);
      this.#head(TEXT, text.length);
      this.#put(text);
    } else if (typeof item === "number" || typeof item === "bigint") this.#integer(item);
    else if (typeof item === "boolean") this.#byte(item ? TRUE : FALSE);
    else if (item === null) this.#byte(NULL);
    else {
      assert(Array.isArray(item), `no ${typeof item} on the wire`);
      this.#head(ARRAY, item.length);
      for (const inner of item) this.write(inner);
    }
  }

  /** A copy, of just their size. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#at);
  }

  #integer(value: number | bigint): void {
    assert(typeof value === "bigint" || Number.isSafeInteger(value), "no floats on the wire");
    if (value >= 0) this.#head(UINT, value);
    // -1 - n is written as n.
    else this.#head(NEGATIVE, typeof value === "bigint" ? -1n - value : -1 - value);
  }

  /** The shortest: the number in the first byte below 24, else in the 1, 2, 4 or 8 that follow. */
  #head(kind: number, argument: number | bigint): void {
    if (argument < 24) this.#byte((kind << 5) | Number(argument));
    else if (argument < 2 ** 8) this.#long(kind, 24, argument);
    else if (argument < 2 ** 16) this.#long(kind, 25, argument);
    else if (argument < 2 ** 32) this.#long(kind, 26, argument);
    else {
      assert(argument <= LARGEST, "no number on the wire has more than 64 bits");
      this.#long(kind, 27, argument);
    }
  }

  #long(kind: number, info: number, argument: number | bigint): void {
    this.#byte((kind << 5) | info);
    const size = 1 << (info - 24);
    this.#reserve(size);
    const view = new DataView(this.#bytes.buffer, this.#at, size);
    if (size === 8) view.setBigUint64(0, BigInt(argument));
    else for (let i = 0; i < size; i++) view.setUint8(i, Number(argument) >>> (8 * (size - 1 - i)));
    this.#at += size;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  #put(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #reserve(count: number): void {
    const needed = this.#at + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}
