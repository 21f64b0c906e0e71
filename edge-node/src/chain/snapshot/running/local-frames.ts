const LENGTH_BYTES = 4;

/** A frame is its length and its bytes. */
export async function* framed(frames: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const frame of frames) {
    const length = new Uint8Array(LENGTH_BYTES);
    new DataView(length.buffer).setUint32(0, frame.length);
    yield length;
    if (frame.length > 0) yield frame;
  }
}

/** The frames of a stream of bytes, whatever pieces it comes in. @throws RangeError for a longer one */
export async function* unframed(
  pieces: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let wanted: number | null = null;
  const take = (count: number): Buffer => {
    const all = Buffer.concat(waiting);
    waiting = [all.subarray(count)];
    waitingBytes -= count;
    return all.subarray(0, count);
  };
  for await (const piece of pieces) {
    waiting.push(piece);
    waitingBytes += piece.length;
    while (waitingBytes >= (wanted ?? LENGTH_BYTES)) {
      if (wanted === null) {
        wanted = take(LENGTH_BYTES).readUInt32BE();
        if (wanted > maxBytes) throw new RangeError(`a frame of ${wanted} bytes is too long`);
        continue;
      }
      // A copy, so that a small frame does not keep a large buffer alive.
      yield Uint8Array.from(take(wanted));
      wanted = null;
    }
  }
}
