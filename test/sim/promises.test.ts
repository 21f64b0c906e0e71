import { describe, expect, test } from "vitest";
import { adversaryNames } from "../support/adversaries/index.ts";
import { type Report, simulate } from "../support/simulator/simulate.ts";

/** `npm run sim -- --seeds N` runs more of them, on all cores. */
const SEEDS = 200;

/** What to show of the seeds that broke a promise: enough to run them again. */
const broken = (reports: readonly Report[]) =>
  reports.flatMap(({ seed, broken: what }) =>
    what === null ? [] : [`npm run sim -- --seed ${seed} --trace: ${what.text}`],
  );

test(`${SEEDS} seeds of chaos break no promise`, () => {
  const reports = Array.from({ length: SEEDS }, (_, i) => simulate(1 + i));
  expect(broken(reports)).toEqual([]);
  // Chaos that stops the chain would keep every promise but be no test.
  const sum = (of: (report: Report) => number) => reports.reduce((all, one) => all + of(one), 0);
  expect(sum(({ heights }) => heights)).toBeGreaterThan(5 * SEEDS);
  expect(sum(({ crashes }) => crashes)).toBeGreaterThan(3 * SEEDS);
  expect(sum(({ epochs }) => epochs)).toBeGreaterThan(SEEDS / 2);
  expect(sum(({ joins }) => joins)).toBeGreaterThan(SEEDS / 4);
  expect(sum(({ lostDisks }) => lostDisks)).toBeGreaterThan(SEEDS / 10);
  expect(sum(({ followed }) => followed.believed)).toBeGreaterThan(5 * SEEDS);
}, 60_000);

test.each([31, 64, 100])(
  "a committee of %i seats breaks no promise",
  (seats) => {
    const report = simulate(1, { fixed: { seats, healAtMs: 2_000 } });
    expect(broken([report])).toEqual([]);
    expect(report.heights).toBeGreaterThan(0);
  },
  60_000,
);

describe("no promise is broken when all liars are of one kind", () => {
  test.each(adversaryNames)("%s", (adversary) => {
    const reports = Array.from({ length: 6 }, (_, i) => simulate(10_001 + i, { adversary }));
    expect(broken(reports)).toEqual([]);
  });
});

test("a run is its seed: the same again has the same trace, another has another", () => {
  const [first, again, other] = [7, 7, 8].map((seed) => simulate(seed).traceHash);
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});
