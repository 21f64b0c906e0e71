import { expect, test } from "vitest";
import { BoundedMap } from "./bounded-map.ts";

test("a full cache forgets what was used longest ago", () => {
  const cache = new BoundedMap<string, number>(2);
  cache.set("a", 1);
  cache.set("b", 2);
  cache.get("a");
  cache.set("c", 3);
  expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([1, undefined, 3]);
  expect(cache.size).toBe(2);
});

test("setting a key again replaces its value and takes no more room", () => {
  const cache = new BoundedMap<string, number>(2);
  cache.set("a", 1);
  cache.set("b", 2);
  cache.set("a", 3);
  expect([cache.get("a"), cache.get("b"), cache.size]).toEqual([3, 2, 2]);
});
