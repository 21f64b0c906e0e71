import { limits } from "@meshwork/foundation";
import fc from "fast-check";
import { expect, test } from "vitest";
import { OrderedArrivals, ReplayWindow } from "./arrivals.ts";
import { settle } from "./testing/manual-clock.ts";

const message = (seq: number, bytes = 1) => ({ seq, payload: new Uint8Array(bytes) });

function inbox(settled = 0) {
  const delivered: number[] = [];
  const arrivals = new OrderedArrivals<ReturnType<typeof message>>(settled, async ({ seq }) => {
    delivered.push(seq);
  });
  const offer = (seq: number, lower = 0) => arrivals.offer({ seq, settled: lower }, message(seq));
  return { delivered, offer };
}

test("whatever order and however often they come, messages are delivered once and in order", async () => {
  const shuffledWithRepeats = fc.integer({ min: 1, max: 30 }).chain((count) =>
    fc.tuple(
      fc.constant(count),
      fc.shuffledSubarray([...Array(count).keys(), ...Array(count).keys()], {
        minLength: 2 * count,
      }),
    ),
  );
  await fc.assert(
    fc.asyncProperty(shuffledWithRepeats, async ([count, order]) => {
      const { delivered, offer } = inbox();
      for (const seq of order) offer(seq);
      await settle();
      expect(delivered).toEqual([...Array(count).keys()]);
    }),
    { numRuns: 300 },
  );
});

test("a number that the sender gave up is not waited for", async () => {
  const { delivered, offer } = inbox();
  offer(0);
  expect(offer(2)).toBe("taken");
  await settle();
  expect(delivered).toEqual([0]);
  expect(offer(2, 2)).toBe("held");
  await settle();
  expect(delivered).toEqual([0, 2]);
  expect(offer(1)).toBe("duplicate");
});

test("a receiver that restarted begins where the sender's settled numbers end", async () => {
  const { delivered, offer } = inbox(7);
  expect(offer(7, 7)).toBe("taken");
  await settle();
  expect(delivered).toEqual([7]);
});

test("while a handler runs its message is held, and the next one waits", async () => {
  const started: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const arrivals = new OrderedArrivals<ReturnType<typeof message>>(0, ({ seq }) => {
    started.push(seq);
    return seq === 0 ? promise : Promise.resolve();
  });
  arrivals.offer({ seq: 0, settled: 0 }, message(0));
  arrivals.offer({ seq: 1, settled: 0 }, message(1));
  expect(arrivals.offer({ seq: 0, settled: 0 }, message(0))).toBe("held");
  await settle();
  expect(started).toEqual([0]);
  resolve();
  await settle();
  expect(started).toEqual([0, 1]);
});

test("what waits for an earlier message is bounded in number and bytes, but the next always fits", () => {
  const { offer } = inbox();
  for (let seq = 1; seq <= limits.reorderedMessages; seq++) expect(offer(seq)).toBe("taken");
  expect(offer(limits.reorderedMessages + 1)).toBe("busy");
  expect(offer(0)).toBe("taken");

  const large = new OrderedArrivals<ReturnType<typeof message>>(0, async () => {});
  const half = limits.reorderedBytes / 2 + 1;
  expect(large.offer({ seq: 1, settled: 0 }, message(1, half))).toBe("taken");
  expect(large.offer({ seq: 2, settled: 0 }, message(2, half))).toBe("busy");
});

test("a replay window admits each number once, in any order, and none that is too far behind", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3 * limits.replayWindow), { maxLength: 200 }), (numbers) => {
      const window = new ReplayWindow();
      const seen = new Set<number>();
      let newest = -1;
      for (const seq of numbers) {
        const expected = !seen.has(seq) && seq > newest - limits.replayWindow;
        expect(window.admit(seq)).toBe(expected);
        seen.add(seq);
        newest = Math.max(newest, seq);
      }
    }),
    { numRuns: 500 },
  );
});
