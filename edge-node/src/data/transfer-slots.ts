import { limits } from "@meshwork/foundation";

/** A few transfers at a time, since each holds its bytes in memory; the rest wait in line. */
export class TransferSlots {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Null when the line is too long. Throws the signal's reason as soon as it aborts; `work` goes on. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T | null> {
    signal?.throwIfAborted();
    if (this.#free === 0 && this.#waiting.size >= limits.taskDataWaiting) return null;
    await this.#take(signal);
    const working = work().finally(() => this.#giveBack());
    return signal === undefined ? working : orAborted(working, signal);
  }

  #take(signal: AbortSignal | undefined): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const turn = () => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(turn);
        reject(signal?.reason);
      };
      this.#waiting.add(turn);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  /** The slot goes from hand to hand: nobody comes in between. */
  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free += 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}

function orAborted<T>(working: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    working.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
