import { setImmediate } from "node:timers/promises";
import { type Clock, systemClock } from "@meshwork/foundation";

/** How long one piece of long work may keep the event loop from others: far below a view's timeout. */
const SLICE_MS = 5;

/**
 * Lets others have a turn. Long work asks after each small piece whether its turn is over, and then
 * waits for the next.
 */
export class Turns {
  readonly #clock: Clock;
  #since: number;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  get isOver(): boolean {
    return this.#clock.monotonic() - this.#since >= SLICE_MS;
  }

  async next(): Promise<void> {
    await setImmediate();
    this.#since = this.#clock.monotonic();
  }
}
