import { ModuleError } from "./module-error.ts";

/** Reads a module's bytes once, front to back, and never past their end. */
export class ByteReader {
  readonly bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.position >= this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.position];
    if (value === undefined) throw malformed("the module ends in the middle of something");
    this.position++;
    return value;
  }

  /** The next byte, left where it is; undefined at the end. */
  peek(): number | undefined {
    return this.bytes[this.position];
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.position)
      throw malformed("the module ends in the middle of something");
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  /** Unsigned LEB128 of at most 32 bits in at most five bytes, padded or not, as the spec has it. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) throw malformed("an unsigned number is longer than 32 bits");
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw malformed("an unsigned number is longer than five bytes");
  }

  /** A signed constant is only carried over: the validation of the whole module checks its value. */
  skipSigned(): void {
    for (let i = 0; i < 10; i++) if (this.byte() < 0x80) return;
    throw malformed("a signed number is longer than ten bytes");
  }

  /** A count of things that each take at least one byte, so that it cannot exceed what is left. */
  count(most: number, what: string): number {
    const value = this.u32();
    if (value > most)
      throw new ModuleError("MODULE_LIMIT", `${value} ${what} are more than the ${most} allowed`);
    return value;
  }

  name(): string {
    return new TextDecoder("utf-8").decode(this.take(this.u32()));
  }
}

const malformed = (message: string) => new ModuleError("MODULE_MALFORMED", message);
