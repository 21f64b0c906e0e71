import { BoundedMap, limits, type NodeId } from "@meshwork/foundation";
import type { Message } from "./message.ts";

/** The state of each sender's numbering of one stream; a new incarnation begins anew. */
export class Numberings<State> {
  readonly #senders = new BoundedMap<NodeId, Map<string, { incarnation: bigint; state: State }>>(
    limits.sendersKept,
  );

  /** Streams are ours: there is a handler for each, so that strangers cannot add any. */
  of({ from, envelope }: Message, begin: (settled: number) => State): State {
    const { stream, incarnation, settled } = envelope.header;
    const streams = this.#senders.get(from) ?? new Map();
    this.#senders.set(from, streams);
    const known = streams.get(stream);
    if (known?.incarnation === incarnation) return known.state;
    const state = begin(settled);
    streams.set(stream, { incarnation, state });
    return state;
  }
}
