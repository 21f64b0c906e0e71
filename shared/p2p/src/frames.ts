import type { Stream } from "@libp2p/interface";
import { limits } from "@meshwork/foundation";
import { Uint8ArrayList } from "uint8arraylist";
import { P2pError } from "./errors.ts";
import { FrameDecoder, frameHead } from "./frame-decoder.ts";

/** Frames in order, both ways, for as long as both sides want: opening a stream costs ten frames. */
export interface FrameStream extends AsyncIterable<Uint8Array> {
  /**
   * Resolves when the transport has taken the frame; awaiting it is the back-pressure. Rejects with
   * `FRAME_TOO_LARGE`, `CHANNEL_FULL` (more than `maxPendingBytes` wait already) or `CHANNEL_CLOSED`.
   */
  send(frame: Uint8Array): Promise<void>;
  /** False, and the frame is dropped, when the peer is too slow or gone. */
  trySend(frame: Uint8Array): boolean;
  /** Says that nothing more will be sent, after what was sent before; reading goes on. */
  close(): Promise<void>;
  /** Ends both directions at once; what is under way may be lost. Readers get `reason`. */
  abort(reason: Error): void;
  /** Resolves once nothing can be sent any more, with the reason, or null after a clean close. */
  readonly closed: Promise<Error | null>;
}

export interface FrameOptions {
  /** @default limits.frameBytes */
  maxFrameBytes?: number;
  /** What waits here for a slow peer. @default 4 × maxFrameBytes */
  maxPendingBytes?: number;
}

export function framesOver(stream: Stream, options: FrameOptions = {}): FrameStream {
  const maxFrameBytes = options.maxFrameBytes ?? limits.frameBytes;
  const { promise: closed, resolve: settleClosed } = Promise.withResolvers<Error | null>();
  const reader = readFrames(stream, maxFrameBytes);
  const writer = writeFrames(stream, maxFrameBytes, options.maxPendingBytes ?? 4 * maxFrameBytes);
  stream.addEventListener("close", (event) => {
    reader.end(event.error ?? null);
    settleClosed(event.error ?? null);
  });
  return {
    ...writer,
    closed,
    async close() {
      await writer.settled();
      if (stream.status === "open") await stream.close();
    },
    abort(reason) {
      reader.end(reason);
      stream.abort(reason);
    },
    [Symbol.asyncIterator]: () => ({ next: reader.next }),
  };
}

/** Takes frames off the stream; pauses it while the reader lags by more than one largest frame. */
function readFrames(stream: Stream, maxFrameBytes: number) {
  const decoder = new FrameDecoder(maxFrameBytes);
  const ready: Uint8Array[] = [];
  const waiting: PromiseWithResolvers<IteratorResult<Uint8Array>>[] = [];
  let readyBytes = 0;
  let ended: { error: Error | null } | undefined;

  const deliver = (frame: Uint8Array) => {
    const reader = waiting.shift();
    if (reader) return reader.resolve({ done: false, value: frame });
    ready.push(frame);
    readyBytes += frame.length;
  };
  const end = (error: Error | null) => {
    ended ??= { error };
    for (const reader of waiting.splice(0)) finish(reader, ended.error);
  };
  stream.addEventListener("message", ({ data }) => {
    try {
      for (const frame of decoder.push(data)) deliver(frame);
    } catch (error) {
      end(error as Error);
      stream.abort(error as Error);
      return;
    }
    if (readyBytes > maxFrameBytes) pause(stream);
  });
  stream.addEventListener("end", () => end(decoder.unfinished ? closedError() : null));

  return {
    end,
    async next(): Promise<IteratorResult<Uint8Array>> {
      const frame = ready.shift();
      if (frame !== undefined) {
        readyBytes -= frame.length;
        if (2 * readyBytes <= maxFrameBytes) resume(stream);
        return { done: false, value: frame };
      }
      const reader = Promise.withResolvers<IteratorResult<Uint8Array>>();
      if (ended) finish(reader, ended.error);
      else waiting.push(reader);
      return reader.promise;
    },
  };
}

function finish(
  reader: PromiseWithResolvers<IteratorResult<Uint8Array>>,
  error: Error | null,
): void {
  if (error) reader.reject(error);
  else reader.resolve({ done: true, value: undefined });
}

/** Puts frames on the stream in order, and waits for the peer to make room. */
function writeFrames(stream: Stream, maxFrameBytes: number, maxPendingBytes: number) {
  let pendingBytes = 0;
  let last: Promise<void> = Promise.resolve();

  const gathered = gather(stream);
  const put = (frame: Uint8Array) => {
    if (stream.writeStatus !== "writable") throw closedError();
    gathered.add(frame);
  };
  const queue = (frame: Uint8Array): Promise<void> => {
    pendingBytes += frame.length;
    const sent = last
      .then(() => writable(stream))
      .then(() => put(frame))
      .finally(() => {
        pendingBytes -= frame.length;
      });
    last = sent.catch(() => {});
    return sent;
  };
  const refusal = (frame: Uint8Array): P2pError | null => {
    if (frame.length > maxFrameBytes) return tooLargeError(frame.length, maxFrameBytes);
    if (stream.writeStatus !== "writable") return closedError();
    return pendingBytes + frame.length > maxPendingBytes ? fullError(pendingBytes) : null;
  };

  return {
    async settled() {
      await last;
      gathered.flush();
    },
    async send(frame: Uint8Array): Promise<void> {
      const refused = refusal(frame);
      if (refused) throw refused;
      if (pendingBytes === 0 && !stream.writableNeedsDrain) put(frame);
      else await queue(frame);
    },
    trySend(frame: Uint8Array): boolean {
      if (refusal(frame)) return false;
      if (pendingBytes > 0 || stream.writableNeedsDrain) queue(frame).catch(() => {});
      else put(frame);
      return true;
    },
  };
}

/**
 * Frames of one turn of the event loop go together: each write to a stream is a packet to encrypt and
 * a system call, which costs more than a small frame itself.
 */
function gather(stream: Stream): { add(frame: Uint8Array): void; flush(): void } {
  let frames = new Uint8ArrayList();
  const flush = () => {
    if (frames.byteLength === 0) return;
    const all = frames;
    frames = new Uint8ArrayList();
    // A stream that broke meanwhile tells by its close event.
    if (stream.writeStatus === "writable") stream.send(all);
  };
  return {
    flush,
    add(frame) {
      if (frames.byteLength === 0) process.nextTick(flush);
      frames.append(frameHead(frame.length));
      frames.append(frame);
      if (frames.byteLength >= GATHERED_BYTES) flush();
    },
  };
}
const GATHERED_BYTES = 64 << 10;

/** libp2p's own `onDrain` answers at once from the second time on (utils 7.4): hence the event. */
async function writable(stream: Stream): Promise<void> {
  while (stream.writableNeedsDrain && stream.writeStatus === "writable") {
    await new Promise<void>((resolve) => {
      const done = () => {
        stream.removeEventListener("drain", done);
        stream.removeEventListener("close", done);
        resolve();
      };
      stream.addEventListener("drain", done);
      stream.addEventListener("close", done);
    });
  }
}

/** A stream whose ends are closed throws at both: there is nothing left to hold back then. */
export function pause(stream: Stream): void {
  if (stream.readStatus === "readable") stream.pause();
}
export function resume(stream: Stream): void {
  if (stream.readStatus === "paused") stream.resume();
}

const closedError = () =>
  new P2pError("CHANNEL_CLOSED", "the channel to the peer is closed: open another");

const fullError = (pendingBytes: number) =>
  new P2pError(
    "CHANNEL_FULL",
    `${pendingBytes} bytes wait for a slow peer already: await each send`,
  );

const tooLargeError = (length: number, maxFrameBytes: number) =>
  new P2pError(
    "FRAME_TOO_LARGE",
    `a frame of ${length} bytes exceeds the ${maxFrameBytes} that a peer takes: send larger data by content address`,
    { detail: { length, maxFrameBytes } },
  );
