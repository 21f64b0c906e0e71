import { fromUtf8 } from "@meshwork/foundation/bytes";
import type { MeteredInstance } from "../metered-instance.ts";
import { ERRNO, WasiError } from "./errno.ts";

/** Reading a list of buffers at all. */
const FUEL_PER_LIST = 2_000;
/** Looking at one element of a list of buffers takes about as long as this much fuel. */
const FUEL_PER_BUFFER = 384;
/** POSIX calls it IOV_MAX. */
const MOST_BUFFERS = 1_024;
const CALL_FUEL = 1_000;
const MOST_PATH_BYTES = 4_096;
/** A path is decoded, resolved and looked up. */
const FUEL_PER_PATH = 16_384;

/** The command's memory, as the calls of WASI use it. An address out of bounds is a trap. */
export class Guest {
  readonly #instance: MeteredInstance;

  constructor(instance: MeteredInstance) {
    this.#instance = instance;
  }

  /** Fuel used so far, which is also the time. */
  get used(): bigint {
    return this.#instance.used;
  }

  /** What every call pays for itself: the crossing, and as much again for finding what it speaks of. */
  payForCall(): void {
    this.#instance.pay(CALL_FUEL);
  }

  charge(fuel: number): void {
    this.#instance.charge(BigInt(fuel));
  }

  bytes(address: number, length: number): Uint8Array {
    return this.#instance.view(address, length >>> 0);
  }

  struct(address: number, length: number): DataView {
    const { buffer, byteOffset } = this.bytes(address, length);
    return new DataView(buffer, byteOffset, length);
  }

  setU32(address: number, value: number): void {
    this.struct(address, 4).setUint32(0, value, true);
  }

  setU64(address: number, value: bigint): void {
    this.struct(address, 8).setBigUint64(0, value, true);
  }

  path(address: number, length: number): string {
    this.charge(FUEL_PER_PATH);
    if (length >>> 0 > MOST_PATH_BYTES) throw new WasiError(ERRNO.nameTooLong);
    const bytes = this.bytes(address, length).slice();
    try {
      return fromUtf8(bytes);
    } catch {
      throw new WasiError(ERRNO.invalid);
    }
  }

  /** The buffers of a read or a write, as they lie in memory; paid for by their number. */
  buffers(address: number, count: number): Uint8Array[] {
    const number = count >>> 0;
    if (number > MOST_BUFFERS) throw new WasiError(ERRNO.invalid);
    this.charge(FUEL_PER_LIST + FUEL_PER_BUFFER * number);
    const list = this.struct(address, 8 * number);
    return Array.from({ length: number }, (_, i) =>
      this.bytes(list.getUint32(8 * i, true), list.getUint32(8 * i + 4, true)),
    );
  }

  /** Zero-ended texts and the addresses at which they stand, as for arguments. */
  putTexts(addresses: number, address: number, texts: readonly Uint8Array[]): void {
    let at = address >>> 0;
    for (const [index, text] of texts.entries()) {
      this.setU32((addresses >>> 0) + 4 * index, at);
      const place = this.bytes(at, text.length + 1);
      place.set(text);
      place[text.length] = 0;
      at += text.length + 1;
    }
  }
}
