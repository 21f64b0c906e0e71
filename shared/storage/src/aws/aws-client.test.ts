import type { Clock } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { needsPathStyle, operations } from "./aws-client.ts";

describe("the bucket goes into the path", () => {
  test.each([
    ["http://127.0.0.1:4566", true],
    ["http://[::1]:4566", true],
    ["http://localhost:4566", true],
    ["http://storage:9000", true],
    ["https://s3.eu-west-1.amazonaws.com", false],
    ["https://objects.example.org", false],
    [undefined, false],
    ["not a URL", false],
  ])("for %s: %s", (endpoint, expected) => {
    expect(needsPathStyle(endpoint)).toBe(expected);
  });
});

describe("an operation", () => {
  /** The timers that were set and not cancelled, by their delay. */
  function handTurned() {
    const timers = new Map<number, () => void>();
    const clock: Clock = {
      now: () => 0,
      monotonic: () => 0,
      setTimer(delayMs, callback) {
        timers.set(delayMs, callback);
        return () => timers.delete(delayMs);
      },
    };
    return { clock, timers };
  }
  const place = { kind: "bucket", name: "task-data" } as const;

  test("ends by its deadline, which grows with its bytes, and leaves no timer", async () => {
    const { clock, timers } = handTurned();
    const operation = operations(place, { clock, operationMs: 1_000 });
    const ended = operation(
      ({ signal, allow }) =>
        new Promise((_, reject) => {
          expect([...timers.keys()]).toEqual([1_000]);
          allow(128 << 10);
          expect([...timers.keys()]).toEqual([2_000]);
          signal.addEventListener("abort", () => reject(new Error("as the SDK would")));
          timers.get(2_000)?.();
        }),
    );
    await expect(ended).rejects.toMatchObject({
      code: "STORE_UNREACHABLE",
      message: expect.stringContaining("bucket task-data took longer than the 2000 ms"),
    });
    expect(timers.size).toBe(0);
  });

  test("that succeeds leaves no timer", async () => {
    const { clock, timers } = handTurned();
    expect(await operations(place, { clock })(async () => "done")).toBe("done");
    expect(timers.size).toBe(0);
  });

  test("passes on what is nobody's fault but the program's", async () => {
    const mistake = new TypeError("undefined is not a function");
    const work = operations(place, {})(() => Promise.reject(mistake));
    await expect(work).rejects.toBe(mistake);
  });
});
