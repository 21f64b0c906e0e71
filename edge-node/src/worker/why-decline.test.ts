import type { Dispatch, TaskRecord } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { createPace } from "./pace.ts";
import { whyDecline } from "./why-decline.ts";

const GIGAFUEL = 1_000_000_000n;
const asked = (maxFuel: bigint, runMs: number) =>
  ({ order: { maxFuel, deadlines: { runMs } } }) as unknown as TaskRecord;
const contract = (fuel: bigint) => ({ contract: { limits: { fuel } } }) as unknown as Dispatch;
const node = (pace = createPace(), room = true) => ({ pace, hasRoom: () => room });

test("a node that is full leaves the task to others", () => {
  expect(whyDecline(node(createPace(), false), asked(1n, 1), contract(1n))?.code).toBe("NO_ROOM");
});

test("a contract that allows more fuel than its order pays for is declined", () => {
  expect(whyDecline(node(), asked(5n, 1), contract(6n))?.code).toBe("FUEL_ABOVE_ORDER");
  expect(whyDecline(node(), asked(5n, 1), contract(5n))).toBeNull();
});

test("a deadline that even the machine's best run could not meet is declined", () => {
  const pace = createPace();
  pace.ran(GIGAFUEL, 4_000);
  pace.ran(GIGAFUEL, 2_000);
  pace.ran(GIGAFUEL, 9_000);
  expect(
    whyDecline(node(pace), asked(10n * GIGAFUEL, 20_000), contract(10n * GIGAFUEL)),
  ).toBeNull();
  expect(
    whyDecline(node(pace), asked(10n * GIGAFUEL, 19_999), contract(10n * GIGAFUEL))?.code,
  ).toBe("TOO_SLOW");
});

test("a short run says nothing about the machine's pace", () => {
  const pace = createPace();
  pace.ran(GIGAFUEL - 1n, 60_000);
  expect(pace.leastMs(10n * GIGAFUEL)).toBe(0);
});
