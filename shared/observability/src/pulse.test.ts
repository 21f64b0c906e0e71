import type { Clock } from "@meshwork/foundation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLog } from "./log.ts";
import { type Pulse, startPulse } from "./pulse.ts";

/** A clock with one timer, which the test lets ring. */
function bellClock(start = 1_000_000) {
  let [now, ring]: [number, (() => void) | null] = [start, null];
  let delay = 0;
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    setTimer(delayMs, callback) {
      [delay, ring] = [delayMs, callback];
      return () => {
        ring = null;
      };
    },
  };
  return {
    clock,
    isArmed: () => ring !== null,
    async advance() {
      now += delay;
      ring?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function pulsing(read: () => Pulse) {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ level: "info", write: (line) => lines.push(JSON.parse(line)) });
  const bell = bellClock();
  const stop = startPulse({ clock: bell.clock, log }, read);
  return { ...bell, lines, stop };
}

describe("a pulse", () => {
  test("is a line at the start and one a minute, with the ages in whole seconds", async () => {
    const { lines, advance, clock } = pulsing(() => ({
      blockTime: 1_000_000 - 2_500,
      snapshotTime: 1_000_000 - 60_000,
    }));
    await advance();
    await advance();
    expect(clock.now()).toBe(1_000_000 + 120_000);
    expect(lines).toMatchObject([
      { message: "pulse", blockAgeSeconds: 2, snapshotAgeSeconds: 60 },
      { message: "pulse", blockAgeSeconds: 62, snapshotAgeSeconds: 120 },
      { message: "pulse", blockAgeSeconds: 122, snapshotAgeSeconds: 180 },
    ]);
  });

  test("leaves out what is not known", () => {
    const { lines } = pulsing(() => ({ blockTime: undefined }));
    expect(Object.keys(lines[0] ?? {})).not.toContain("blockAgeSeconds");
    expect(Object.keys(lines[0] ?? {})).not.toContain("snapshotAgeSeconds");
  });

  test("ends when it is stopped", async () => {
    const { lines, advance, stop, isArmed } = pulsing(() => ({}));
    stop();
    expect(isArmed()).toBe(false);
    await advance();
    expect(lines).toHaveLength(1);
  });

  test("never tells of a negative age, whoever's clock is ahead", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 }), (blockTime) => {
        const { lines } = pulsing(() => ({ blockTime }));
        expect(lines[0]?.blockAgeSeconds).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
