import { systemClock } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { createByteBudget } from "./byte-budget.ts";

const options = { maxWaiting: 10, maxWaitMs: 10_000 };
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("who asks is served in order, as soon as others need less or are done", async () => {
  const budget = createByteBudget(systemClock, { maxBytes: 100, ...options });
  const served: string[] = [];
  const take = async (name: string, size: number) => {
    const share = await budget.take(size);
    served.push(name);
    return share;
  };
  const a = await take("a", 60);
  const b = take("b", 60);
  const c = take("c", 10);
  await turn();
  expect(served).toEqual(["a"]);
  a.shrinkTo(20);
  await turn();
  expect(served).toEqual(["a", "b", "c"]);
  expect(budget.taken).toBe(90);
  for (const share of [a, await b, await c]) {
    share.release();
    share.release();
  }
  expect(budget.taken).toBe(0);
});

test("a queue that is full refuses, and serves on", async () => {
  const budget = createByteBudget(systemClock, { ...options, maxBytes: 10, maxWaiting: 1 });
  const first = await budget.take(10);
  const second = budget.take(10);
  await expect(budget.take(1)).rejects.toMatchObject({ code: "ANSWERS_FULL" });
  first.release();
  (await second).release();
  expect(budget.taken).toBe(0);
});

test("whoever waits too long is refused, and takes nothing", async () => {
  const budget = createByteBudget(systemClock, { ...options, maxBytes: 10, maxWaitMs: 1 });
  const first = await budget.take(10);
  await expect(budget.take(10)).rejects.toMatchObject({ code: "ANSWERS_FULL" });
  first.release();
  expect(budget.taken).toBe(0);
  (await budget.take(10)).release();
});
