import { type SeededDraw, seededDraw } from "@meshwork/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { permuted } from "./permuted.ts";
import { seededDigest } from "./testing/index.ts";

/** The same by the plainest means. */
function plainly(weights: readonly number[], draw: SeededDraw): number[] {
  const left = [...weights.entries()];
  return weights.map(() => {
    let at = draw(left.reduce((sum, [, weight]) => sum + weight, 0));
    const chosen = left.findIndex(([, weight]) => {
      at -= weight;
      return at < 0;
    });
    return (left.splice(chosen, 1)[0] as [number, number])[0];
  });
}

test("ranks as one would who laid the weights end to end and put a finger on them", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 40 }),
      fc.string(),
      (weights, name) => {
        const draw = () => seededDraw(seededDigest(name));
        const named = new Map([...weights.entries()].map(([i, weight]) => [i, BigInt(weight)]));
        expect(permuted(named, draw())).toEqual(plainly(weights, draw()));
      },
    ),
  );
});

test("ranks each once, also when the weights are larger than numbers are exact", () => {
  const weights = new Map(Array.from({ length: 100 }, (_, i) => [i, 2n ** 63n - 1n - BigInt(i)]));
  weights.set(100, 1n);
  const order = permuted(weights, seededDraw(seededDigest("large")));
  expect(order.toSorted((a, b) => a - b)).toEqual([...weights.keys()]);
});
