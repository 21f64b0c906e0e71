import { fromUtf8 } from "@meshwork/foundation";

/** What one item can be that is no array. */
export type Scalar = number | bigint | string | boolean | null | Uint8Array;

const [BYTES, TEXT, ARRAY, SIMPLE] = [2, 3, 4, 7] as const;
const [FALSE, TRUE, NULL] = [0xf4, 0xf5, 0xf6] as const;

/** The bytes are CBOR, but not the one encoding that their value has. */
export class NotCanonicalError extends Error {}

/**
 * Reads the part of CBOR (RFC 8949) that goes over the wire, from front to back: whole numbers, bytes, text,
 * arrays, booleans and null. Each has one encoding only (section 4.2.1: shortest heads, definite lengths), so who
 * has read all bytes need not encode again to know that they are canonical.
 */
export class CborReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Where the next item begins. */
  get position(): number {
    return this.#at;
  }

  /** A copy of what was read since then. */
  since(position: number): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(position, this.#at));
  }

  /** How many items the array has that begins here. */
  arrayLength(): number {
    const first = this.#next();
    if (first >> 5 !== ARRAY) throw new TypeError("expected an array");
    return this.#length(first);
  }

  /** Takes a null, if one stands here. */
  takesNull(): boolean {
    if (this.#bytes[this.#at] !== NULL) return false;
    this.#at++;
    return true;
  }

  /** Exactly so many raw bytes: a view, not a copy. */
  rawBytes(length: number): Uint8Array {
    const first = this.#next();
    if (first >> 5 !== BYTES || this.#length(first) !== length)
      throw new TypeError(`expected ${length} raw bytes`);
    return this.#take(length);
  }

  /** Whatever stands here, unless it is an array. */
  scalar(): Scalar {
    const first = this.#next();
    switch (first >> 5) {
      case 0:
        return this.#argument(first);
      case 1:
        return negative(this.#argument(first));
      case BYTES:
        return new Uint8Array(this.#take(this.#length(first)));
      case TEXT:
        return fromUtf8(this.#take(this.#length(first)));
      case SIMPLE:
        return simple(first);
      default:
        throw new TypeError("expected a plain value");
    }
  }

  /** What a look ahead finds; the next read begins here again. */
  peek<T>(look: (reader: CborReader) => T): T {
    const before = this.#at;
    const found = look(this);
    this.#at = before;
    return found;
  }

  /** All bytes of the item that begins here, unread: a view. Null where none ends. */
  itemAhead(): Uint8Array | null {
    return this.peek(() => {
      const begin = this.#at;
      try {
        for (let left = 1; left > 0; left--) left += this.#skipHead();
      } catch {
        return null;
      }
      return this.#bytes.subarray(begin, this.#at);
    });
  }

  /** Goes on behind an item that is known. */
  pass(item: Uint8Array): void {
    this.#take(item.length);
  }

  /** Goes behind what is no array, or into one: how many items that has. */
  #skipHead(): number {
    const first = this.#next();
    const kind = first >> 5;
    if (kind === ARRAY) return this.#length(first);
    if (kind === BYTES || kind === TEXT) this.#take(this.#length(first));
    else this.#argument(first);
    return 0;
  }

  /** Throws if anything is left. */
  end(): void {
    if (this.#at !== this.#bytes.length)
      throw new NotCanonicalError(`${this.#bytes.length - this.#at} bytes too many`);
  }

  #next(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new TypeError("the bytes end too early");
    return byte;
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new TypeError("the bytes end too early");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #length(first: number): number {
    const length = this.#argument(first);
    if (length > this.#bytes.length) throw new TypeError("the bytes end too early");
    return length as number;
  }

  /** The number in a head: in its first byte below 24, else in the 1, 2, 4 or 8 that follow. */
  #argument(first: number): number | bigint {
    const info = first & 31;
    if (info < 24) return info;
    if (info > 27) throw new NotCanonicalError("a length is not told in advance");
    if (info === 27) return this.#uint64();
    const size = 1 << (info - 24);
    const value = this.#uint(size);
    if (value < (size === 1 ? 24 : 2 ** (4 * size)))
      throw new NotCanonicalError(`${value} has a shorter form`);
    return value;
  }

  #uint64(): number | bigint {
    const high = this.#uint(4);
    const low = this.#uint(4);
    if (high === 0) throw new NotCanonicalError(`${low} has a shorter form`);
    const value = high * 2 ** 32 + low;
    return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) + BigInt(low);
  }

  #uint(size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + this.#next();
    return value;
  }
}

/** -1 - n, which is what the format means by n. */
function negative(argument: number | bigint): number | bigint {
  const value = -1 - Number(argument);
  return Number.isSafeInteger(value) ? value : -1n - BigInt(argument);
}

function simple(first: number): boolean | null {
  if (first === NULL) return null;
  if (first === TRUE || first === FALSE) return first === TRUE;
  throw new TypeError("expected a plain value: there are no floats on the wire");
}
