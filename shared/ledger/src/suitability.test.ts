import { ANYWHERE, type Placement } from "@meshwork/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Lease } from "./records.ts";
import { suitabilityOf, WHOLE } from "./suitability.ts";

const lease = (change: Partial<Lease>): Lease =>
  ({ capacity: 4, cpus: 4, nearness: null, ...change }) as Lease;
const suits = (change: Partial<Lease>, wanted: Partial<Placement> = {}, assigned = 0) =>
  suitabilityOf({ lease: lease(change), assigned }, { ...ANYWHERE, ...wanted });
const near = (region: string, latencyClass: 0 | 1 | 2 | 3) => ({
  nearness: { region, latencyClass },
});

test("without wishes every idle node suits alike, measured or not", () => {
  expect(suits({})).toBe(WHOLE);
  expect(suits(near("eu", 0))).toBe(WHOLE);
  expect(suits({ capacity: 400, cpus: 64 })).toBe(WHOLE);
});

test("each class beyond what is near enough halves the chance, and so does another region", () => {
  const wanted = { region: "eu", latencyClass: 1 };
  expect(suits(near("eu", 0), wanted)).toBe(WHOLE);
  expect(suits(near("eu", 1), wanted)).toBe(WHOLE);
  expect(suits(near("us", 1), wanted)).toBe(WHOLE / 2);
  // A relay of the region that finds the node far away says that it stands elsewhere.
  expect(suits(near("eu", 2), wanted)).toBe(WHOLE / 4);
  expect(suits(near("us", 3), wanted)).toBe(WHOLE / 8);
});

test("who was not measured is as far as can be, whatever region he claims", () => {
  const claimed = { region: "eu" } as Partial<Lease>;
  expect(suits(claimed, { region: "eu", latencyClass: 3 })).toBe(WHOLE / 2);
  expect(suits(claimed, { region: "eu", latencyClass: 0 })).toBe(WHOLE / 8);
});

test("a node weighs by the free part of its places, and more places than processors are none", () => {
  expect(suits({ capacity: 4, cpus: 4 }, {}, 1)).toBe((WHOLE * 3) / 4);
  expect(suits({ capacity: 400, cpus: 4 }, {}, 1)).toBe((WHOLE * 3) / 4);
  expect(suits({ capacity: 400, cpus: 4 }, {}, 9)).toBe(WHOLE / 8);
});

test("nobody falls below a sixty-fourth, and nobody rises above a whole", () => {
  const measured = fc.option(
    fc.record({
      region: fc.constantFrom("eu", "us"),
      latencyClass: fc.integer({ min: 0, max: 3 }),
    }),
    { nil: null },
  );
  fc.assert(
    fc.property(
      fc.record({
        lease: fc.record({
          capacity: fc.integer({ min: 0, max: 1_024 }),
          cpus: fc.integer({ min: 1, max: 1_024 }),
          nearness: measured,
        }),
        assigned: fc.integer({ min: 0, max: 4_096 }),
        region: fc.constantFrom("eu", "us", null),
        latencyClass: fc.integer({ min: 0, max: 3 }),
      }),
      ({ lease: offered, assigned, region, latencyClass }) => {
        const part = suits(offered, { region, latencyClass }, assigned);
        expect(part).toBeGreaterThanOrEqual(WHOLE / 64);
        expect(part).toBeLessThanOrEqual(WHOLE);
        expect(Number.isInteger(part)).toBe(true);
      },
    ),
  );
});
