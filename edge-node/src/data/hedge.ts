import { type Clock, sleep } from "@meshwork/foundation";

type Source<T> = (signal: AbortSignal) => Promise<T | null>;

/**
 * Asks the second source only when the first has said no, or says nothing for `patienceMs`; then the
 * first answer that is not null wins, and the other is called off. Null when neither has one.
 */
export async function hedged<T extends object | string>(
  clock: Clock,
  { first, second, patienceMs }: { first: Source<T>; second: Source<T>; patienceMs: number },
  outer?: AbortSignal,
): Promise<T | null> {
  const over = new AbortController();
  const signal = outer ? AbortSignal.any([outer, over.signal]) : over.signal;
  try {
    const asking = first(signal);
    const early = await Promise.race([asking, sleep(clock, patienceMs, signal).then(() => LATE)]);
    if (typeof early !== "symbol" && early !== null) return early;
    outer?.throwIfAborted();
    const others = second(signal);
    return early === null ? await others : await firstOf(asking, others);
  } finally {
    over.abort(new Error("another source has answered"));
  }
}

const LATE: unique symbol = Symbol("late");

async function firstOf<T>(...answers: Promise<T | null>[]): Promise<T | null> {
  const present = answers.map(
    async (answer) => (await answer) ?? Promise.reject(new Error("none")),
  );
  try {
    return await Promise.any(present);
  } catch {
    // All have settled: a reason that is not an ordinary "no" is the caller's signal.
    const [failed] = (await Promise.allSettled(answers)).filter(
      ({ status }) => status === "rejected",
    );
    if (failed?.status === "rejected") throw failed.reason;
    return null;
  }
}
