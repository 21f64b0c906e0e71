import type { Clock } from "@meshwork/foundation";

/**
 * Keeps a node from waiting, again and again, for a service that is down: after a failure it is left
 * alone for a while, twice as long each time, and one success ends that.
 */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #pauses: { firstMs: number; longestMs: number };
  #failures = 0;
  #openUntil = 0;

  constructor(clock: Clock, pauses: { firstMs: number; longestMs: number }) {
    this.#clock = clock;
    this.#pauses = pauses;
  }

  /** Whether the service is to be left alone now. */
  get isOpen(): boolean {
    return this.#failures > 0 && this.#clock.monotonic() < this.#openUntil;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    const { firstMs, longestMs } = this.#pauses;
    const pauseMs = Math.min(longestMs, firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    this.#openUntil = this.#clock.monotonic() + pauseMs;
  }
}
