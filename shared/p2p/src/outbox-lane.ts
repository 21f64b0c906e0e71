import { type Clock, limits } from "@meshwork/foundation";
import { P2pError } from "./errors.ts";

/**
 * What this node sends to one peer on one stream: numbered, sent, sent again with back-off, until the
 * peer says that it was delivered or its time is over. It lives in memory; a durable outbox would
 * write `add` and `settle` to disk and fill the lane from there after a restart.
 */
export interface Outgoing {
  readonly ttlMs: number;
  /** Puts the message on a link once. `settled`: every lower number is. */
  transmit(place: { seq: number; settled: number }): Promise<void>;
  /** The time is over; `cause` is what the last attempt met. */
  expire(cause: unknown): void;
}

interface Entry {
  readonly message: Outgoing;
  readonly cancelExpiry: () => void;
  /** The peer has it and works on it: no need to repeat it while the link lives. */
  held: boolean;
}

export interface LaneParts {
  clock: Clock;
  /** Asked again and again, the peer says nothing: its link may be dead, and nobody noticed. */
  doubt: () => void;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** A living peer answers a repeated message at once, even if with "I work on it". */
const RETRIES_BEFORE_DOUBT = 3;

export class OutboxLane {
  readonly #parts: LaneParts;
  /** How many may be under way at once; the others wait their turn. */
  readonly #window: number;
  readonly #live = new Map<number, Entry>();
  readonly #inFlight = new Set<number>();
  #nextSeq = 0;
  #nextLaunch = 0;
  #retries = 0;
  #cancelRetry: (() => void) | undefined;
  #lastError: unknown;

  constructor(parts: LaneParts, window: number) {
    this.#parts = parts;
    this.#window = window;
  }

  get size(): number {
    return this.#live.size;
  }

  /** Returns the message's number. Throws `OUTBOX_FULL`. */
  add(message: Outgoing): number {
    if (this.#live.size >= limits.outboxMessages)
      throw new P2pError(
        "OUTBOX_FULL",
        `${this.#live.size} messages to this peer and stream wait already: send slower`,
      );
    const seq = this.#nextSeq++;
    const cancelExpiry = this.#parts.clock.setTimer(message.ttlMs, () => this.#expire(seq));
    this.#live.set(seq, { message, cancelExpiry, held: false });
    this.#launch();
    return seq;
  }

  /** Delivered, answered, refused or given up: nothing more is sent of it. */
  settle(seq: number): void {
    if (!this.#remove(seq)) return;
    this.#retries = 0;
    this.#launch();
  }

  /** The peer says that it has the message, but not yet what became of it. */
  hold(seq: number): void {
    const entry = this.#live.get(seq);
    if (entry === undefined) return;
    entry.held = true;
    this.#retries = 0;
  }

  /** A new link: the old one may have swallowed anything. */
  resend(): void {
    this.#retries = 0;
    for (const seq of this.#inFlight) this.#transmit(seq);
  }

  #remove(seq: number): Entry | undefined {
    const entry = this.#live.get(seq);
    entry?.cancelExpiry();
    this.#live.delete(seq);
    this.#inFlight.delete(seq);
    return entry;
  }

  #launch(): void {
    while (this.#inFlight.size < this.#window && this.#nextLaunch < this.#nextSeq) {
      const seq = this.#nextLaunch++;
      if (!this.#live.has(seq)) continue;
      this.#inFlight.add(seq);
      this.#transmit(seq);
    }
    if (this.#inFlight.size > 0) this.#armRetry();
    else this.#disarmRetry();
  }

  #transmit(seq: number): void {
    const entry = this.#live.get(seq);
    const [settled = seq] = this.#live.keys();
    entry?.message.transmit({ seq, settled }).catch((error) => {
      this.#lastError = error;
    });
  }

  #armRetry(): void {
    const retryMs = Math.min(FIRST_RETRY_MS * 2 ** this.#retries, LAST_RETRY_MS);
    this.#cancelRetry ??= this.#parts.clock.setTimer(retryMs, () => {
      this.#cancelRetry = undefined;
      const silent = [...this.#inFlight].filter((seq) => !this.#live.get(seq)?.held);
      if (silent.length > 0 && this.#retries++ >= RETRIES_BEFORE_DOUBT) this.#parts.doubt();
      for (const seq of silent) this.#transmit(seq);
      if (this.#inFlight.size > 0) this.#armRetry();
    });
  }

  #disarmRetry(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
  }

  #expire(seq: number): void {
    this.#remove(seq)?.message.expire(this.#lastError);
    this.#launch();
    // Others may wait at the peer for the one that was given up: the next carries the word.
    const [first] = this.#inFlight;
    if (first !== undefined) this.#transmit(first);
  }
}
