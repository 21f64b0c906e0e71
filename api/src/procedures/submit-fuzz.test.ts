import { concat } from "@meshwork/foundation";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromBase64, toBase64 } from "../base64.ts";
import { startWorld, submission, type World } from "../testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

/** One byte of a good submission changed, cut or added. */
const mutation = fc.record({
  field: fc.constantFrom("transaction" as const, "contract" as const),
  at: fc.nat(),
  byte: fc.integer({ min: 0, max: 255 }),
  kind: fc.constantFrom("change", "cut", "insert"),
});

function mutate(bytes: Uint8Array, { at, byte, kind }: { at: number; byte: number; kind: string }) {
  const i = at % bytes.length;
  const [before, after] = [bytes.subarray(0, i), bytes.subarray(i + 1)];
  if (kind === "cut") return concat(before, after);
  if (kind === "insert") return concat(before, Uint8Array.of(byte), bytes.subarray(i));
  return concat(before, Uint8Array.of(bytes[i] === byte ? byte ^ 1 : byte), after);
}

async function expectRefusal(input: unknown): Promise<void> {
  const answer = await world.post("tasks.submit", input);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(answer.code).toMatch(/^[A-Z_]+$/);
  expect(answer.message.length).toBeGreaterThan(0);
}

test("an order with any byte changed is refused with a code, and nothing is placed", async () => {
  const order = world.requester.order();
  for (const [id, bytes] of order.objects) await world.requester.put(id, bytes);
  const good = submission(order);
  await fc.assert(
    fc.asyncProperty(mutation, async (change) => {
      const bytes = fromBase64(good[change.field]) as Uint8Array;
      await expectRefusal({ ...good, [change.field]: toBase64(mutate(bytes, change)) });
    }),
    { numRuns: 300 },
  );
  expect(world.gateway.placed).toEqual([]);
  expect((await world.post("tasks.submit", good)).status).toBe(200);
});

test("any JSON at all is refused with a code", async () => {
  await fc.assert(fc.asyncProperty(fc.jsonValue(), expectRefusal), { numRuns: 150 });
  expect((await world.get("/healthz")).status).toBe(200);
});

test("any bytes at all are refused with a code", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      const transaction = toBase64(bytes);
      await expectRefusal({ ...submission(world.requester.order()), transaction });
    }),
    { numRuns: 150 },
  );
});
