import { Uint8ArrayList } from "uint8arraylist";
import { P2pError } from "./errors.ts";

/** A frame is its length, four bytes big-endian, and that many bytes. */
export const FRAME_HEAD_BYTES = 4;

export function frameHead(length: number): Uint8Array {
  const head = new Uint8Array(FRAME_HEAD_BYTES);
  new DataView(head.buffer).setUint32(0, length);
  return head;
}

/**
 * Cuts a byte stream into frames. It holds at most one unfinished frame, and refuses a length that is
 * too large before the frame's first byte is kept.
 */
export class FrameDecoder {
  readonly #buffer = new Uint8ArrayList();
  readonly #maxFrameBytes: number;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Whether the stream would end in the middle of a frame if it ended here. */
  get unfinished(): boolean {
    return this.#buffer.byteLength > 0;
  }

  /** The frames that `chunk` completes. Throws `FRAME_TOO_LARGE`; after that the decoder is done for. */
  push(chunk: Uint8Array | Uint8ArrayList): Uint8Array[] {
    this.#buffer.append(chunk);
    const frames: Uint8Array[] = [];
    while (this.#buffer.byteLength >= FRAME_HEAD_BYTES) {
      const length = this.#buffer.getUint32(0);
      if (length > this.#maxFrameBytes) throw this.#tooLarge(length);
      const end = FRAME_HEAD_BYTES + length;
      if (this.#buffer.byteLength < end) break;
      frames.push(this.#buffer.subarray(FRAME_HEAD_BYTES, end));
      this.#buffer.consume(end);
    }
    return frames;
  }

  #tooLarge(length: number): P2pError {
    return new P2pError(
      "FRAME_TOO_LARGE",
      `the peer announced a frame of ${length} bytes; at most ${this.#maxFrameBytes} are taken: send larger data by content address`,
      { detail: { length, maxFrameBytes: this.#maxFrameBytes } },
    );
  }
}
