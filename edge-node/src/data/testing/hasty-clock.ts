import { type Clock, limits, systemClock } from "@meshwork/foundation";

/**
 * Pauses are short, but a disk has all the time that it needs: nobody is taken for silent before the test says
 * that the time for it is over.
 */
export interface HastyClock extends Clock {
  /** Whoever waits for a silent peer now has waited long enough. */
  endSilences(): void;
  /** Moves `monotonic` on. */
  pass(ms: number): void;
}

const SHORTER = 20;

export function hastyClock(): HastyClock {
  const silences = new Set<() => void>();
  let passedMs = 0;
  return {
    ...systemClock,
    monotonic: () => passedMs,
    setTimer(delayMs, callback) {
      if (delayMs < limits.blobSilenceMs) return systemClock.setTimer(delayMs / SHORTER, callback);
      silences.add(callback);
      return () => silences.delete(callback);
    },
    endSilences() {
      for (const callback of [...silences]) {
        silences.delete(callback);
        callback();
      }
    },
    pass(ms) {
      passedMs += ms;
    },
  };
}
