import { type Clock, systemClock } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { hedged } from "./hedge.ts";

/** Patience ends when the test says so. */
let runOut: () => void = () => {};
const clock: Clock = {
  ...systemClock,
  setTimer: (_, callback) => {
    runOut = callback;
    return () => {};
  },
};

/** A source that answers when the test says so. */
function source() {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const asked: AbortSignal[] = [];
  const ask = (signal: AbortSignal) => {
    asked.push(signal);
    return promise;
  };
  return { ask, asked, answer: resolve };
}

function start(outer?: AbortSignal) {
  const [first, second] = [source(), source()];
  const sources = { first: first.ask, second: second.ask, patienceMs: 1 };
  return { first, second, answer: hedged(clock, sources, outer) };
}

describe("of two sources", () => {
  test("the second is left alone when the first answers in time", async () => {
    const { first, second, answer } = start();
    first.answer("first");
    expect(await answer).toBe("first");
    expect(second.asked).toEqual([]);
  });

  test("the second is asked when the first has nothing", async () => {
    const { first, second, answer } = start();
    first.answer(null);
    second.answer("second");
    expect(await answer).toBe("second");
  });

  test("the second is asked when the first is late, and the first to answer wins", async () => {
    const { first, second, answer } = start();
    runOut();
    second.answer("second");
    expect(await answer).toBe("second");
    expect(first.asked[0]?.aborted).toBe(true);
  });

  test("the first may still win when it was late and the second has nothing", async () => {
    const { first, second, answer } = start();
    runOut();
    second.answer(null);
    first.answer("first");
    expect(await answer).toBe("first");
  });

  test("neither has it", async () => {
    const { first, second, answer } = start();
    runOut();
    first.answer(null);
    second.answer(null);
    expect(await answer).toBeNull();
  });

  test("an abort ends it with its reason", async () => {
    const abort = new AbortController();
    const { first, answer } = start(abort.signal);
    first.asked[0]?.addEventListener("abort", () => first.answer(null));
    abort.abort(new Error("enough"));
    runOut();
    await expect(answer).rejects.toThrow("enough");
  });
});
