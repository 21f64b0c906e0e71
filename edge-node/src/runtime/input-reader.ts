import { limits } from "@meshwork/foundation/limits";
import type { InputFile } from "./runtime.ts";

/**
 * Bringing a chunk of a file (reading, opening and hashing a MiB, and crossing to this process) takes 3 to 5 ms, in
 * which a plain loop burns four or five times as much. A program that reads a file from end to end pays nine units a byte.
 */
export const FUEL_PER_CHUNK = 8n << 20n;

/** Chunks that one step holds: who reads several places of a file in turn does not bring each again and again. */
const HELD_CHUNKS = 8;

/**
 * Reads the inputs of one step, and charges for what it has to bring. Which chunks are held depends on the
 * step's own reads alone: so does the fuel.
 */
export class InputReader {
  readonly #inputs: readonly (Uint8Array | InputFile)[];
  readonly #charge: (fuel: bigint) => void;
  /** The one that was used last goes last. */
  readonly #held = new Map<string, Uint8Array>();

  constructor(inputs: readonly (Uint8Array | InputFile)[], charge: (fuel: bigint) => void) {
    this.#inputs = inputs;
    this.#charge = charge;
  }

  get count(): number {
    return this.#inputs.length;
  }

  /** Zero when there is none. */
  sizeOf(index: number): number {
    const input = this.#inputs[index];
    return input instanceof Uint8Array ? input.length : (input?.sizeBytes ?? 0);
  }

  /** The whole input, when it lies in memory as it is. */
  inMemory(index: number): Uint8Array | null {
    const input = this.#inputs[index] ?? NOTHING;
    return input instanceof Uint8Array ? input : null;
  }

  /** Copies as much as there is from `offset` and as fits; gives the number of bytes. */
  read(index: number, offset: number, into: Uint8Array): number {
    const length = Math.max(0, Math.min(into.length, this.sizeOf(index) - offset));
    const target = into.subarray(0, length);
    const input = this.#inputs[index] ?? NOTHING;
    if (input instanceof Uint8Array) target.set(input.subarray(offset, offset + length));
    else this.#readFile(index, { input, offset }, target);
    return length;
  }

  #readFile(
    index: number,
    { input, offset }: { input: InputFile; offset: number },
    target: Uint8Array,
  ): void {
    for (let done = 0; done < target.length; ) {
      const at = offset + done;
      const chunk = this.#chunk(index, input, Math.floor(at / limits.fileChunkBytes));
      const start = at % limits.fileChunkBytes;
      const piece = chunk.subarray(start, start + target.length - done);
      target.set(piece, done);
      done += piece.length;
    }
  }

  #chunk(index: number, input: InputFile, number: number): Uint8Array {
    const name = `${index}/${number}`;
    let chunk = this.#held.get(name);
    if (chunk === undefined) {
      this.#charge(FUEL_PER_CHUNK);
      chunk = input.chunk(number);
    }
    this.#held.delete(name);
    this.#held.set(name, chunk);
    if (this.#held.size > HELD_CHUNKS) this.#held.delete(this.#held.keys().next().value as string);
    return chunk;
  }
}

const NOTHING = new Uint8Array(0);
