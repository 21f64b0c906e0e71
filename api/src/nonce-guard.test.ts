import { expect, test } from "vitest";
import { createNonceGuard } from "./nonce-guard.ts";

test("a nonce serves once for as long as its request could be shown again, and then is forgotten", () => {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, setTimer: () => () => {} };
  const guard = createNonceGuard(clock, { windowMs: 100, maxNonces: 10 });
  expect(guard.use("a")).toBe("fresh");
  now = 200;
  expect(guard.use("a")).toBe("replayed");
  now = 202;
  expect(guard.use("a")).toBe("fresh");
  expect(guard.size).toBe(1);
});

test("a full guard refuses the new and never forgets the old", () => {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, setTimer: () => () => {} };
  const guard = createNonceGuard(clock, { windowMs: 100, maxNonces: 2 });
  expect([guard.use("a"), guard.use("b"), guard.use("c")]).toEqual(["fresh", "fresh", "full"]);
  expect(guard.use("a")).toBe("replayed");
  now = 1_000;
  expect(guard.use("c")).toBe("fresh");
});
