import { concat } from "@meshwork/foundation";
import { encode as encodeCbor } from "cborg";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Encoded, type Item, writeCbor } from "./cbor-writer.ts";

const edges = [23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
const items = fc.letrec<{ item: Item }>((tie) => ({
  item: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Item>(null, true, false, -0, ...edges, ...edges.map((edge) => -edge)),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("item"), { maxLength: 30 }),
  ),
})).item;

test("writes what another encoder writes", () => {
  fc.assert(
    fc.property(items, (item) => {
      expect(Buffer.from(writeCbor(item)).equals(encodeCbor(item))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("takes an item that is encoded already as it is, in its place", () => {
  const inner = encodeCbor([1, "two"]);
  const whole = encodeCbor([0, [1, "two"], 3]);
  expect(writeCbor([0, new Encoded(inner), 3])).toEqual(new Uint8Array(whole));
  expect(writeCbor(new Encoded(inner))).toEqual(concat(inner));
});

test("refuses what has no form on the wire", () => {
  for (const other of [0.5, Number.NaN, 2 ** 53, 2n ** 64n, -(2n ** 64n) - 1n, undefined, {}])
    expect(() => writeCbor([other as Item])).toThrow();
});
