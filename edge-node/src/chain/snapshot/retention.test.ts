import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keptHeights, type Retention } from "./retention.ts";

const at = (text: string, height: number) => ({ height, time: Date.parse(text) });
const kept = (snapshots: ReturnType<typeof at>[], retention: Retention) =>
  [...keptHeights(snapshots, retention)].sort((a, b) => b - a);

describe("of snapshots there stay", () => {
  const days = [
    at("2026-11-01T05:00Z", 1),
    at("2026-11-01T23:59:59Z", 2),
    at("2026-11-02T00:00Z", 3),
    at("2026-11-08T12:00Z", 4),
    at("2026-11-09T00:00Z", 5),
    at("2026-12-01T00:00Z", 6),
  ];

  test("the last ones", () => expect(kept(days, { keepLast: 2 })).toEqual([6, 5]));
  test("the highest of each day", () =>
    expect(kept(days, { keepDaily: 99 })).toEqual([6, 5, 4, 3, 2]));
  test("the highest of each week, which begins on Monday", () =>
    expect(kept(days, { keepWeekly: 99 })).toEqual([6, 5, 4, 2]));
  test("the highest of each month", () => expect(kept(days, { keepMonthly: 99 })).toEqual([6, 5]));
  test("those that any rule wants", () =>
    expect(kept(days, { keepLast: 1, keepDaily: 2, keepMonthly: 2 })).toEqual([6, 5]));
  test("the newest in any case", () => expect(kept(days, {})).toEqual([6]));
});

test("pruning again with the same rules takes nothing more", () => {
  const snapshot = fc.record({ height: fc.nat(1_000), time: fc.nat(4e12) });
  const rule = fc.nat(5);
  const rules = fc.record({ keepLast: rule, keepDaily: rule, keepWeekly: rule, keepMonthly: rule });
  fc.assert(
    fc.property(
      fc.uniqueArray(snapshot, { selector: ({ height }) => height }),
      rules,
      (all, keep) => {
        const once = keptHeights(all, keep);
        const left = all.filter(({ height }) => once.has(height));
        expect(keptHeights(left, keep)).toEqual(once);
      },
    ),
  );
});
