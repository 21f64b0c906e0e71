import type { Clock } from "@meshwork/foundation";

/**
 * Runs `task` with a signal that aborts after `timeoutMs`, with `reason()`, or when `outer` does. The
 * result rejects at that moment, whether or not the task heeds the signal.
 */
export async function withTimeout<T>(
  clock: Clock,
  limit: { timeoutMs: number; reason: () => Error; signal?: AbortSignal | undefined },
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const onOuterAbort = () => controller.abort(limit.signal?.reason);
  if (limit.signal?.aborted) onOuterAbort();
  limit.signal?.addEventListener("abort", onOuterAbort, { once: true });
  const cancel = clock.setTimer(limit.timeoutMs, () => controller.abort(limit.reason()));
  try {
    signal.throwIfAborted();
    return await Promise.race([task(signal), aborted(signal)]);
  } finally {
    cancel();
    limit.signal?.removeEventListener("abort", onOuterAbort);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
  );
}
