import { limits } from "@meshwork/foundation";

/**
 * The receiver's side of one numbering: delivers sends in order and once, and lets each request
 * through once. Pure: it holds no timers, and what it holds is bounded.
 */

/** New here; here already, and waiting or running; delivered before; or no room for it now. */
export type Offer = "taken" | "held" | "duplicate" | "busy";

/** Sends of one sender and stream. `deliver` is awaited before the next goes. */
export class OrderedArrivals<Message extends { readonly payload: Uint8Array }> {
  readonly #deliver: (message: Message) => Promise<void>;
  readonly #waiting = new Map<number, Message>();
  #waitingBytes = 0;
  #next: number;
  #running: number | undefined;

  constructor(settled: number, deliver: (message: Message) => Promise<void>) {
    this.#next = settled;
    this.#deliver = deliver;
  }

  /**
   * `settled` is the sender's word that nothing lower is still to come. A message that waits already
   * comes again to say just that; the next in order always has room.
   */
  offer(place: { seq: number; settled: number }, message: Message): Offer {
    if (place.settled > this.#next) this.#skipTo(place.settled);
    if (place.seq < this.#next) return place.seq === this.#running ? "held" : "duplicate";
    const known = this.#waiting.has(place.seq);
    const taken = known || place.seq === this.#next || this.#hasRoomFor(message);
    if (taken && !known) {
      this.#waiting.set(place.seq, message);
      this.#waitingBytes += message.payload.length;
    }
    this.#pump();
    if (known) return "held";
    return taken ? "taken" : "busy";
  }

  #hasRoomFor(message: Message): boolean {
    return (
      this.#waiting.size < limits.reorderedMessages &&
      this.#waitingBytes + message.payload.length <= limits.reorderedBytes
    );
  }

  #skipTo(settled: number): void {
    for (const seq of this.#waiting.keys()) if (seq < settled) this.#take(seq);
    this.#next = settled;
  }

  #pump(): void {
    if (this.#running !== undefined) return;
    const message = this.#take(this.#next);
    if (message === undefined) return;
    this.#running = this.#next;
    this.#next += 1;
    this.#deliver(message).finally(() => {
      this.#running = undefined;
      this.#pump();
    });
  }

  #take(seq: number): Message | undefined {
    const message = this.#waiting.get(seq);
    this.#waiting.delete(seq);
    this.#waitingBytes -= message?.payload.length ?? 0;
    return message;
  }
}

/** Numbers of one sender and stream that were seen: the newest, and a bitmap of those just below. */
export class ReplayWindow {
  readonly #bits = new Uint8Array(limits.replayWindow / 8);
  #newest = -1;

  /** True once for each number; false when it was seen, or is too far behind to know. */
  admit(seq: number): boolean {
    if (seq <= this.#newest - limits.replayWindow) return false;
    if (seq > this.#newest) this.#advanceTo(seq);
    const { byte, bit } = placeOf(seq);
    const seen = ((this.#bits[byte] as number) & bit) !== 0;
    this.#bits[byte] = (this.#bits[byte] as number) | bit;
    return !seen;
  }

  #advanceTo(seq: number): void {
    if (seq - this.#newest >= limits.replayWindow) this.#bits.fill(0);
    else
      for (let passed = this.#newest + 1; passed <= seq; passed++) {
        const { byte, bit } = placeOf(passed);
        this.#bits[byte] = (this.#bits[byte] as number) & ~bit;
      }
    this.#newest = seq;
  }
}

function placeOf(seq: number): { byte: number; bit: number } {
  const slot = seq % limits.replayWindow;
  return { byte: slot >> 3, bit: 1 << (slot & 7) };
}
