/**
 * Waiting for something to become true. Whoever changes it calls `notify`; whoever waits gives a
 * probe, which is asked at once and after each notice. So nothing is missed between asking and
 * waiting, and a notice without news costs a probe.
 */
export interface Watch<Key> {
  notify(key: Key): void;
  /** Resolves with the first non-null answer of `probe`; rejects with the signal's reason. */
  until<T>(key: Key, probe: () => T | null, signal: AbortSignal): Promise<T>;
}

export function createWatch<Key>(): Watch<Key> {
  const waiting = new Map<Key, Set<() => void>>();

  const add = (key: Key, ask: () => void) => {
    const asking = waiting.get(key) ?? new Set();
    waiting.set(key, asking.add(ask));
    return () => {
      asking.delete(ask);
      if (asking.size === 0) waiting.delete(key);
    };
  };

  return {
    notify(key) {
      for (const ask of [...(waiting.get(key) ?? [])]) ask();
    },
    until: (key, probe, signal) =>
      new Promise((resolve, reject) => {
        const settle = (finish: () => void) => {
          remove();
          signal.removeEventListener("abort", abort);
          finish();
        };
        const abort = () => settle(() => reject(signal.reason));
        const ask = () => {
          try {
            const answer = probe();
            if (answer !== null) settle(() => resolve(answer));
          } catch (error) {
            settle(() => reject(error));
          }
        };
        const remove = add(key, ask);
        signal.addEventListener("abort", abort, { once: true });
        if (signal.aborted) abort();
        else ask();
      }),
  };
}
