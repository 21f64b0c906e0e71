import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quantile } from "../scripts/beta-quantile.ts";
import type { NodeState } from "./records.ts";
import { decayed, ONE, reputationOf, withCleanVerdict, withFailure } from "./reputation.ts";
import { quantileOf, reputationTableDigest } from "./reputation-quantile.ts";
import { FAILURES, QUANTILES, SUCCESSES } from "./reputation-table.ts";

const DAY = 24 * 3_600_000;
const nobody = { successes: 0, failures: 0, reputationEpoch: 0, clean: 0 } as NodeState;
const after = (clean: number, failures: number, from = nobody) => {
  let node = from;
  for (let i = 0; i < clean; i++) node = withCleanVerdict(node, 0);
  for (let i = 0; i < failures; i++) node = withFailure(node, 0);
  return node;
};
const share = (q16: number) => q16 / ONE;

describe("the table of quantiles", () => {
  test("is what its script makes of the exact binomial sum", () => {
    for (const [row, s] of SUCCESSES.entries())
      for (const [column, f] of FAILURES.entries())
        if ((row + column) % 3 === 0 || s + f < 30)
          expect(QUANTILES[row]?.[column]).toBe(quantile(1 + s, 2 + f));
  });

  test("is the one that every genesis of this version names", () => {
    expect(reputationTableDigest).toBe(
      "70ecec7f29772bd145754cb102254ef3a34fc1ddcfc93023f329d3ca0a598286",
    );
  });

  test("agrees with the known quantiles: 1 − 0.95^(1/2) for a newcomer, 0.66 after ten", () => {
    expect(share(quantileOf(0, 0))).toBeCloseTo(1 - 0.95 ** 0.5, 4);
    expect(share(quantileOf(10 * ONE, 0))).toBeCloseTo(0.66, 2);
  });
});

describe("reputation", () => {
  test("reaches 0.80 after about twenty clean verdicts", () => {
    expect(share(reputationOf(after(19, 0), 0))).toBeLessThan(0.8);
    expect(share(reputationOf(after(20, 0), 0))).toBeGreaterThan(0.799);
  });

  test("falls by a wrong result further than ten clean ones raised it", () => {
    const before = reputationOf(after(20, 0), 0);
    const caught = reputationOf(after(20, 1), 0);
    expect(before - caught).toBeGreaterThan(before - reputationOf(after(10, 0), 0));
    expect(share(caught)).toBeLessThan(0.55);
  });

  test("never falls by a clean verdict and never rises by a failure, between grid points too", () => {
    const counts = fc.integer({ min: 0, max: 300 * ONE });
    fc.assert(
      fc.property(counts, counts, fc.integer({ min: 1, max: 12 * ONE }), (s, f, more) => {
        const now = quantileOf(s, f);
        expect(quantileOf(s + more, f)).toBeGreaterThanOrEqual(now);
        expect(quantileOf(s, f + more)).toBeLessThanOrEqual(now);
        expect(Number.isInteger(now) && now >= 0 && now <= ONE).toBe(true);
      }),
    );
  });

  test("fades: half of the evidence is gone after sixty-nine days, all of it after years", () => {
    const old = decayed(after(20, 0), 69 * DAY);
    expect(old.successes / ONE).toBeCloseTo(10, 0);
    expect(decayed(after(20, 1), 4_000 * DAY)).toMatchObject({ successes: 0, failures: 0 });
  });

  test("fades alike whether it is looked at daily or once", () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(20), fc.integer({ min: 1, max: 400 }), (s, f, days) => {
        const start = { successes: s * ONE + 77, failures: f * ONE + 13, reputationEpoch: 0 };
        let daily = start;
        for (let day = 1; day <= days; day++) daily = decayed(daily, day * DAY);
        expect(daily).toEqual(decayed(start, days * DAY));
      }),
      { numRuns: 50 },
    );
  });

  test("of who was caught starts its clean count anew", () => {
    expect(after(20, 1).clean).toBe(0);
    expect(after(3, 0, after(20, 1)).clean).toBe(3);
  });
});
