import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { forecastOf, PlanError, planVerification } from "./plan-verification.ts";

const rules = { auditFloor: 3_277 };
const chosen = { replicas: 1, verifiers: 4, segmentsPerVerifier: 2, auditRate: 0 };

/** What is refused, in words. */
const refused = (wish: Parameters<typeof planVerification>[1]): PlanError => {
  try {
    planVerification(rules, wish);
  } catch (error) {
    if (error instanceof PlanError) return error;
  }
  throw new Error("not refused");
};

describe("a plan", () => {
  test("keeps the risk and the cost that were asked for, whatever is assumed", () => {
    const wishes = fc.record({
      risk: fc.double({ min: 1e-6, max: 0.5, noNaN: true }),
      maxCost: fc.double({ min: 1, max: 12, noNaN: true }),
    });
    const assumptions = fc.record({
      cheaters: fc.double({ min: 0, max: 0.5, noNaN: true }),
      newcomers: fc.double({ min: 0, max: 0.3, noNaN: true }),
      steps: fc.integer({ min: 1, max: 1_000 }),
    });
    fc.assert(
      fc.property(wishes, assumptions, (wish, assumption) => {
        try {
          const plan = planVerification(rules, wish, assumption);
          expect(plan.risk).toBeLessThanOrEqual(wish.risk * (1 + 1e-9));
          expect(plan.cost).toBeLessThanOrEqual(wish.maxCost);
          expect(forecastOf(rules, plan.policy, assumption)).toEqual({
            risk: plan.risk,
            cost: plan.cost,
          });
        } catch (error) {
          expect((error as PlanError).code).toBe("PLAN_INFEASIBLE");
        }
      }),
      { numRuns: 40 },
    );
  });

  test("for one in a thousand costs three runs, where one node in ten is a fellow of the others", () => {
    const { risk, cost, assumption } = planVerification(rules, { risk: 1e-3, maxCost: 3 });
    expect(risk).toBeCloseTo(1e-3, 9);
    expect(cost).toBeLessThanOrEqual(3);
    expect(assumption.cheaters).toBe(0.1);
  });

  test("that cannot be had is refused with the risk that can", () => {
    const { code, message } = refused({ risk: 1e-9, maxCost: 1.2 });
    expect(code).toBe("PLAN_INFEASIBLE");
    expect(message).toMatch(/for 1.2 runs the risk is 0\.0\d+ at least, and a risk of 1e-9 costs/);
    expect(refused({ risk: 1e-30, maxCost: 3 }).message).toMatch(/no policy of this network/);
    expect(refused({ risk: 0.1, maxCost: 1 }).message).toMatch(/no policy costs so little/);
    expect(refused({ risk: 2, maxCost: 3 }).code).toBe("PLAN_WISH_INVALID");
  });
});

describe("the model", () => {
  test("gives a lone worker's cheating its chance: none when all is run again by who is honest", () => {
    const whole = { ...chosen, segmentsPerVerifier: 16, auditRate: 65_536 };
    const { risk } = forecastOf(rules, whole, { cheaters: 0.1, newcomers: 0, steps: 16 });
    // Three of four fellows sign for him: 4 × 0.1³ × 0.9 + 0.1⁴.
    expect(risk).toBeCloseTo(0.1 * 0.0037, 12);
  });

  test("costs one run and a part of ten at the floor, and a tenth of it at most", () => {
    const { risk, cost } = forecastOf(rules, chosen, { cheaters: 0.1, newcomers: 0, steps: 16 });
    expect(cost).toBeGreaterThan(1);
    expect(cost).toBeLessThanOrEqual(1.1);
    expect(risk).toBeGreaterThan(0.09);
    expect(risk).toBeLessThan(0.1);
  });

  test("risks less with more of anything, and never less by more cheaters", () => {
    const shares = fc.double({ min: 0, max: 0.49, noNaN: true });
    fc.assert(
      fc.property(shares, shares, fc.integer({ min: 1, max: 64 }), (a, b, steps) => {
        const [few, many] = a < b ? [a, b] : [b, a];
        const risk = (cheaters: number, change = {}) =>
          forecastOf(rules, { ...chosen, ...change }, { cheaters, newcomers: 0, steps }).risk;
        expect(risk(few)).toBeLessThanOrEqual(risk(many) + 1e-12);
        for (const more of [{ replicas: 2 }, { segmentsPerVerifier: 4 }, { auditRate: 40_000 }])
          expect(risk(many, more)).toBeLessThanOrEqual(risk(many) + 1e-12);
      }),
    );
  });
});
