import type { Fuel, Points } from "@meshwork/foundation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bondOf, priceOfRun, splitOf } from "./escrow.ts";
import { testMember, testOrder, testPolicy } from "./testing/index.ts";

const amount = fc.bigInt({ min: 0n, max: 10n ** 12n }) as fc.Arbitrary<Points>;
const share = fc.integer({ min: 0, max: 65_536 });
const work = fc
  .record({
    fuel: fc.bigInt({ min: 0n, max: 2n ** 50n }) as fc.Arbitrary<Fuel>,
    ceiling: fc.bigInt({ min: 1n, max: 10n ** 12n }) as fc.Arbitrary<Points>,
    workers: fc.integer({ min: 1, max: 7 }),
    verifiers: fc.integer({ min: 1, max: 31 }),
    unsigned: fc.integer({ min: 0, max: 15 }),
    rerun: share,
  })
  .map(({ unsigned, ...done }) => ({ ...done, seats: done.verifiers + unsigned }));
const policy = fc
  .record({ pricePerGigafuel: amount, burnShare: share, verifierShare: share })
  .map((numbers) => ({ ...testPolicy, ...numbers }));

describe("the price of a task", () => {
  test("is split without a point made or lost, and never exceeds the ceiling", () => {
    fc.assert(
      fc.property(policy, work, (rules, done) => {
        const { total, burnt, perWorker, perVerifier } = splitOf(rules, done);
        const parts = [
          burnt,
          perWorker * BigInt(done.workers),
          perVerifier * BigInt(done.verifiers),
        ];
        expect(parts.every((part) => part >= 0n)).toBe(true);
        expect(parts.reduce((sum, part) => sum + part)).toBe(total);
        expect(total <= done.ceiling).toBe(true);
      }),
    );
  });

  test("burns its share at least, so that who pays himself always loses", () => {
    fc.assert(
      fc.property(policy, work, (rules, done) => {
        fc.pre(rules.burnShare > 0);
        const { total, burnt } = splitOf(rules, done);
        expect(burnt * 65_536n >= total * BigInt(rules.burnShare)).toBe(true);
        expect(burnt > 0n).toBe(true);
      }),
    );
  });

  test("gives no verifier and no worker more when another's signature is left out", () => {
    fc.assert(
      fc.property(policy, work, (rules, done) => {
        fc.pre(done.verifiers > 1);
        const all = splitOf(rules, done);
        const fewer = splitOf(rules, { ...done, verifiers: done.verifiers - 1 });
        expect(fewer.perVerifier <= all.perVerifier).toBe(true);
        // What does not divide among the seats is the workers': a point or so, a seat.
        expect(fewer.perWorker <= all.perWorker + BigInt(done.seats)).toBe(true);
      }),
    );
  });

  test("counts every run: two workers cost twice one, a full audit also its verifiers", () => {
    const rules = { ...testPolicy, pricePerGigafuel: 7n as Points };
    const ceiling = 10_000n as Points;
    const done = { fuel: (3n * 10n ** 9n) as Fuel, ceiling, verifiers: 3, seats: 4 };
    const total = (workers: number, rerun: number) =>
      splitOf(rules, { ...done, workers, rerun }).total;
    expect(total(1, 0)).toBe(21n);
    expect(total(2, 0)).toBe(42n);
    // One of four has not signed: what would have been his for the run, nineteen, is not taken.
    expect(total(2, 65_536)).toBe(6n * 21n - 19n);
  });

  test("pays a verifier for a whole run what a worker gets for his, and for looking besides", () => {
    fc.assert(
      fc.property(work, (done) => {
        const rules = { ...testPolicy, pricePerGigafuel: 1_000n as Points };
        const { perWorker, perVerifier } = splitOf(rules, { ...done, rerun: 65_536 });
        // What does not divide among the verifiers is the workers'.
        expect(perVerifier + BigInt(done.seats) + 1n >= perWorker).toBe(true);
      }),
    );
  });

  test("is a point for the smallest run, and rounds up", () => {
    const rules = { ...testPolicy, pricePerGigafuel: 3n as Points };
    const price = (fuel: bigint) => priceOfRun(rules, fuel as Fuel);
    expect(price(0n)).toBe(1n);
    expect(price(333_333_333n)).toBe(1n);
    expect(price(333_333_334n)).toBe(2n);
    expect(price(1_000_000_000n)).toBe(3n);
  });
});

describe("the bond of a place", () => {
  test("grows with what the order offers for a run, and is never less than the network's", () => {
    const policy = { replicas: 2, verifiers: 3, segmentsPerVerifier: 1, auditRate: 0 };
    const bond = (ceiling: bigint, bondRuns: number) =>
      bondOf(
        { ...testPolicy, bond: 100n as Points, bondRuns },
        { ...testOrder(testMember("gateway").nodeId), policy, priceCeiling: ceiling as Points },
      );
    // Two work, three verify, and seven may sit on a panel.
    expect(bond(12_000n, 16)).toBe(16_000n);
    expect(bond(10n, 16)).toBe(100n);
    expect(bond(1_000_000n, 0)).toBe(100n);
  });
});
