import type { Clock } from "@meshwork/foundation";

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A clock that a test turns, for parts that do real work on disk between two ticks. */
export class TurnedClock implements Clock {
  #now = 1_700_000_000_000;
  readonly #timers = new Map<object, { at: number; callback: () => void }>();

  now = (): number => this.#now;
  monotonic = (): number => this.#now;

  setTimer(delayMs: number, callback: () => void): () => void {
    const key = {};
    this.#timers.set(key, { at: this.#now + delayMs, callback });
    return () => this.#timers.delete(key);
  }

  /** Lets everything ring that is due by then, once. */
  turn(byMs: number): void {
    this.#now += byMs;
    for (const [key, { at, callback }] of [...this.#timers]) {
      if (at > this.#now || !this.#timers.delete(key)) continue;
      callback();
    }
  }

  /** The same, and waits until all who rang have set their next timer: their work is done. */
  async advance(byMs: number): Promise<void> {
    const before = this.#timers.size;
    this.turn(byMs);
    while (this.#timers.size < before) await settle();
  }
}
