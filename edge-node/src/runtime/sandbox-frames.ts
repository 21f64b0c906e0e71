import { fromUtf8, utf8 } from "@meshwork/foundation/bytes";

/**
 * How node and child talk, over one socket: a frame is its length, the length of a JSON header, the
 * header, and byte strings with their lengths. We do not use Node's own IPC: it buffers whatever
 * length the sender names, and hands the bytes to V8's deserialiser; and after it has run a
 * stranger's program the child is not to be trusted.
 */
export interface Frame {
  readonly header: unknown;
  readonly blobs: readonly Uint8Array<ArrayBuffer>[];
}

const UINT32 = 4;

/** The pieces of one frame, ready to be written one after the other. */
export function encodeFrame(header: unknown, blobs: readonly Uint8Array[]): Uint8Array[] {
  const text = utf8(JSON.stringify(header));
  const pieces = [uint32(text.length), text];
  for (const blob of blobs) pieces.push(uint32(blob.length), blob);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [uint32(length), ...pieces];
}

/** Gathers chunks into frames. Throws as soon as a frame announces more than `maxBytes`. */
export class FrameReader {
  readonly #maxBytes: () => number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: () => number) {
    this.#maxBytes = maxBytes;
  }

  /** The frames that `chunk` completes. */
  push(chunk: Uint8Array): Frame[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | null {
    if (this.#bytes < UINT32) return null;
    const length = viewOf(this.#gather(UINT32)).getUint32(0);
    if (length > this.#maxBytes()) throw new RangeError(`a frame of ${length} bytes is too long`);
    if (this.#bytes < UINT32 + length) return null;
    const all = this.#gather(UINT32 + length);
    const rest = all.subarray(UINT32 + length);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
    return decodeFrame(all.slice(UINT32, UINT32 + length));
  }

  /** Makes the first chunk hold at least `length` bytes. */
  #gather(length: number): Uint8Array {
    const [first] = this.#chunks;
    if (first && first.length >= length) return first;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}

function decodeFrame(bytes: Uint8Array<ArrayBuffer>): Frame {
  const view = viewOf(bytes);
  let position = 0;
  const take = () => {
    const length = view.getUint32(position);
    const start = position + UINT32;
    position = start + length;
    if (position > bytes.length) throw new RangeError("a frame is shorter than it says");
    return bytes.subarray(start, position);
  };
  const header: unknown = JSON.parse(fromUtf8(take()));
  const blobs: Uint8Array<ArrayBuffer>[] = [];
  while (position < bytes.length) blobs.push(take());
  return { header, blobs };
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(UINT32);
  viewOf(bytes).setUint32(0, value);
  return bytes;
}
