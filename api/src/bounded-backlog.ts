/**
 * Follows a source that does not wait for its reader. At most `size` items wait; then the newest
 * takes the place of the one before it, so a slow reader misses steps in the middle and never the
 * last one. Ends, and lets the source end, when `signal` aborts or the reader leaves.
 */
export async function* boundedBacklog<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  options: { size: number; signal: AbortSignal | undefined },
): AsyncGenerator<T, void, undefined> {
  const left = new AbortController();
  const signal = AbortSignal.any([left.signal, ...(options.signal ? [options.signal] : [])]);
  const waiting: T[] = [];
  let end: { failure?: unknown } | null = null;
  let wake = () => {};
  signal.addEventListener("abort", () => wake(), { once: true });

  const pump = async () => {
    try {
      for await (const item of open(signal)) {
        if (waiting.length >= options.size) waiting.pop();
        waiting.push(item);
        wake();
        if (signal.aborted) break;
      }
      end = {};
    } catch (failure) {
      end = { failure };
    }
    wake();
  };
  void pump();

  try {
    while (!signal.aborted) {
      const item = waiting.shift();
      if (item !== undefined) {
        yield item;
      } else if (end !== null) {
        const { failure } = end as { failure?: unknown };
        if (failure !== undefined) throw failure;
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    left.abort();
  }
}
