import type { NodeId } from "@meshwork/foundation";
import type { Channel } from "../channel.ts";

/** Two ends of a channel in memory. Frames arrive in a later turn, as they would from a socket. */
export function channelPair(near: NodeId, far: NodeId): [Channel, Channel] {
  const [left, right] = [new Inbox(), new Inbox()];
  return [endOf(far, left, right), endOf(near, right, left)];
}

class Inbox {
  readonly closed = Promise.withResolvers<Error | null>();
  #frames: Uint8Array[] = [];
  #readers: PromiseWithResolvers<IteratorResult<Uint8Array>>[] = [];
  #ended: { error: Error | null } | null = null;

  push(frame: Uint8Array): void {
    if (this.#ended) return;
    const reader = this.#readers.shift();
    if (reader) reader.resolve({ done: false, value: frame });
    else this.#frames.push(frame);
  }

  end(error: Error | null): void {
    this.#ended ??= { error };
    if (error) this.#frames = [];
    for (const reader of this.#readers.splice(0)) this.#finish(reader);
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const reader = Promise.withResolvers<IteratorResult<Uint8Array>>();
    const frame = this.#frames.shift();
    if (frame) reader.resolve({ done: false, value: frame });
    else if (this.#ended) this.#finish(reader);
    else this.#readers.push(reader);
    return reader.promise;
  }

  #finish(reader: PromiseWithResolvers<IteratorResult<Uint8Array>>): void {
    if (this.#ended?.error) reader.reject(this.#ended.error);
    else reader.resolve({ done: true, value: undefined });
  }
}

function endOf(nodeId: NodeId, mine: Inbox, theirs: Inbox): Channel {
  let open = true;
  const finish = (error: Error | null) => {
    open = false;
    setImmediate(() => theirs.end(error));
    mine.closed.resolve(error);
  };
  theirs.closed.promise.then(() => {
    open = false;
    mine.closed.resolve(null);
  });
  const trySend = (frame: Uint8Array) => {
    const copy = Uint8Array.from(frame);
    if (open) setImmediate(() => theirs.push(copy));
    return open;
  };
  return {
    nodeId,
    trySend,
    async send(frame) {
      if (!trySend(frame)) throw new Error("the channel is closed");
    },
    async close() {
      if (open) finish(null);
    },
    abort(reason) {
      finish(reason);
      mine.end(reason);
    },
    closed: mine.closed.promise,
    [Symbol.asyncIterator]: () => ({ next: () => mine.next() }),
  };
}
