import type { Clock } from "@meshwork/foundation";

/**
 * Gives `work` a signal that aborts after `limitMs`, and answers null when it did. Whatever else goes
 * wrong, and an abort from outside, is thrown.
 */
export async function whileTimeLasts<T>(
  clock: Clock,
  limitMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  const timeUp = new AbortController();
  const cancel = clock.setTimer(limitMs, () => timeUp.abort());
  try {
    return await work(AbortSignal.any([outer, timeUp.signal]));
  } catch (error) {
    if (timeUp.signal.aborted && !outer.aborted) return null;
    throw error;
  } finally {
    cancel();
  }
}
