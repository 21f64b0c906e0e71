import type { Clock } from "@meshwork/foundation";
import { DoorError } from "./door-error.ts";

/** Memory that was promised to somebody. */
export interface Share {
  /** Gives back what turned out not to be needed. */
  shrinkTo(sizeBytes: number): void;
  release(): void;
}

export interface ByteBudgetOptions {
  maxBytes: number;
  maxWaiting: number;
  /** Results that wait for each other, as in one batch, must not do so for ever. */
  maxWaitMs: number;
}

/**
 * Large answers share a bounded piece of memory. Each takes the most that it may need, in the order
 * in which they ask, and soon gives back what it does not: so small ones hardly wait, and however
 * many ask, or read slowly, the process does not die of it.
 */
export function createByteBudget(clock: Clock, options: ByteBudgetOptions) {
  const waiting = new Set<{ sizeBytes: number; grant: () => void }>();
  let taken = 0;

  const serve = () => {
    for (const first of waiting) {
      if (taken + first.sizeBytes > options.maxBytes) return;
      waiting.delete(first);
      taken += first.sizeBytes;
      first.grant();
    }
  };

  const inTurn = (sizeBytes: number) =>
    new Promise<void>((resolve, reject) => {
      const cancel = clock.setTimer(options.maxWaitMs, () => {
        waiting.delete(place);
        reject(full(`for ${options.maxWaitMs} ms`));
      });
      const grant = () => {
        cancel();
        resolve();
      };
      const place = { sizeBytes, grant };
      waiting.add(place);
      serve();
    });

  return {
    /** Throws ANSWERS_FULL when too many wait already, or for too long. */
    async take(sizeBytes: number): Promise<Share> {
      if (waiting.size >= options.maxWaiting) throw full(`behind ${waiting.size} others`);
      await inTurn(sizeBytes);
      let held = sizeBytes;
      const shrinkTo = (size: number) => {
        const kept = Math.min(held, size);
        taken -= held - kept;
        held = kept;
        serve();
      };
      return { shrinkTo, release: () => shrinkTo(0) };
    },
    get taken(): number {
      return taken;
    },
  };
}
export type ByteBudget = ReturnType<typeof createByteBudget>;

const full = (why: string): DoorError =>
  new DoorError(
    "ANSWERS_FULL",
    `this result had to wait ${why} for memory that other results hold: ask again in a second`,
  );
