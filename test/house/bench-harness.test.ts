import { describe, expect, test } from "vitest";
import { interleave, median, quantile, row } from "../bench/harness.ts";

describe("the bench harness", () => {
  test("takes the middle of its samples", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([0, 10], 0.95)).toBeCloseTo(9.5);
  });

  test("lets subjects take turns, and forgets the first", async () => {
    const turns: string[] = [];
    const subject = (name: string) => () => {
      turns.push(name);
      return turns.length <= 2 ? 1_000_000 : 1;
    };
    const medians = await interleave({ a: subject("a"), b: subject("b") }, 2);
    expect(turns).toEqual(["a", "b", "a", "b", "a", "b"]);
    expect(medians).toEqual({ a: 1, b: 1 });
  });

  test("holds a ratio against its bar where there is a baseline, else the value", () => {
    const relative = { metric: "m", value: 80, unit: "1/s", baseline: 100 };
    expect(row(relative, { atLeast: 0.8 })).toMatchObject({ ratio: 0.8, met: true });
    expect(row(relative, { atLeast: 0.81 }).met).toBe(false);
    const absolute = { metric: "m", value: 50, unit: "ms" };
    expect(row(absolute, { atMost: 50 })).toMatchObject({ bar: "<= 50 ms", met: true });
    expect(row(absolute, { atMost: 49 }).met).toBe(false);
  });

  test("judges nothing when the baseline could not be measured", () => {
    const measured = { metric: "m", value: 80, unit: "1/s", baseline: null };
    expect(row(measured, { atLeast: 0.8 }).met).toBeNull();
  });
});
