import { fromUtf8 } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { loadJsEngine } from "./js-engine.ts";
import { compile } from "./metered-instance.ts";
import { openTask } from "./open-task.ts";
import { type Answered, Asking } from "./runtime.ts";
import { firstSegment, jsTask } from "./testing/tasks.ts";

const engine = compile(loadJsEngine());

/** What a program comes to, or asks, when this was answered before. */
function run(source: string, answers: readonly Answered[] = [], mayAsk = true) {
  const session = openTask({ ...jsTask(source), mayAsk }, engine);
  try {
    const outcome = session.runSegment({ ...firstSegment, answers });
    const said = outcome.kind === "done" ? fromUtf8(outcome.output) : outcome.message;
    return { said, fuel: outcome.fuel };
  } catch (error) {
    if (error instanceof Asking) return { asks: error.requests };
    throw error;
  }
}

const fetchOf = (url: string) => JSON.stringify({ kind: "fetch", url });
const told = (url: string, body: string): Answered => ({
  request: fetchOf(url),
  answer: JSON.stringify({ value: { status: 200, body } }),
});

const one = "async function main() { return (await world.fetch('a')).body.length }";
const two =
  "async function main() { const [a, b] = await Promise.all([world.fetch('a'), world.fetch('b')]);" +
  " const c = await world.fetch(a.body + b.body); return [a, b, c].map(({ body }) => body) }";

describe("a program that asks the world", () => {
  test("stops at what it was not told, and goes on from the beginning when it was", () => {
    expect(run(one)).toEqual({ asks: [fetchOf("a")] });
    expect(run(one, [told("a", "four")])).toMatchObject({ said: "4" });
  });

  test("asks all at once that it asks without waiting, and hears it in that order", () => {
    expect(run(two)).toEqual({ asks: [fetchOf("a"), fetchOf("b")] });
    const first = [told("a", "x"), told("b", "y")];
    expect(run(two, first)).toEqual({ asks: [fetchOf("xy")] });
    expect(run(two, [...first, told("xy", "z")])).toMatchObject({ said: '["x","y","z"]' });
  });

  test("burns the same fuel on the same answers, and pays for longer ones", () => {
    const short = run(one, [told("a", "four")]);
    expect(run(one, [told("a", "four")])).toEqual(short);
    const long = run(one, [told("a", "four".repeat(10_000))]);
    expect((long.fuel ?? 0n) - (short.fuel ?? 0n)).toBeGreaterThan(40_000n);
  });

  test("pays for every run that ended in a question", () => {
    const turns = (count: number, work = 0) => {
      const source =
        `async function main() { for (let i = 0; i < ${work}; i++); ` +
        `for (let i = 0; i < ${count}; i++) await world.fetch("a"); return 1 }`;
      const answers = Array.from({ length: count }, () => told("a", "b"));
      return run(source, answers).fuel ?? 0n;
    };
    const cost = (count: number) => turns(count, 100_000) - turns(count);
    const again = cost(1) - cost(0);
    expect(again).toBeGreaterThan(10n * 100_000n);
    const four = Number(cost(4) - cost(0));
    expect(Math.abs(four / Number(again) - 4)).toBeLessThan(0.01);
  });

  test("is not answered by what was said to another question", () => {
    expect(run(one, [told("b", "four")])).toEqual({ asks: [fetchOf("a")] });
  });

  test("can catch a refusal, which is an answer too", () => {
    const catching =
      "async function main() { try { await world.fetch('a') } catch (error) { return error.code } }";
    const answer = JSON.stringify({ error: { code: "REFUSED", message: "no" } });
    expect(run(catching, [{ request: fetchOf("a"), answer }])).toMatchObject({ said: '"REFUSED"' });
    expect(run(one, [{ request: fetchOf("a"), answer }])).toMatchObject({
      said: expect.stringContaining("Error: no"),
    });
  });

  test("finds nobody to ask before its run, or where its contract names nothing outside", () => {
    const early = `const page = world.fetch('a'); async function main() { return (await page).body }`;
    expect(run(early, [told("a", "hello")])).toMatchObject({ said: '"hello"' });
    expect(run(one, [], false)).toMatchObject({ said: expect.stringContaining("world") });
  });

  test("may ask so often and so long: more is a fault, the same everywhere", () => {
    const often =
      "function main() { for (let i = 0; i < 65; i++) world.fetch(String(i)); return 1 }";
    const long = "function main() { world.fetch('a'.repeat(300000)); return 1 }";
    for (const program of [often, long])
      expect(run(program)).toMatchObject({ said: expect.stringContaining("may ask 64 times") });
  });

  test("is not kept from its end by a question that it does not wait for", () => {
    expect(run("function main() { world.fetch('a'); return 7 }")).toMatchObject({ said: "7" });
  });
});
