import { CodedError } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { createLog, silentLog } from "./log.ts";

function recorded(level: "debug" | "warn" = "debug") {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({
    level,
    fields: { process: "relay" },
    write: (line) => lines.push(JSON.parse(line)),
  });
  return { log, lines };
}

test("a line is one JSON object with level, time, message, the process's fields and its own", () => {
  const { log, lines } = recorded();
  log.child({ peer: "alice" }).info("connected", { latencyMs: 3 });
  expect(lines).toEqual([
    expect.objectContaining({
      level: "info",
      message: "connected",
      process: "relay",
      peer: "alice",
      latencyMs: 3,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    }),
  ]);
});

test("lines below the level are not written", () => {
  const { log, lines } = recorded("warn");
  log.info("not this");
  log.warn("this");
  expect(lines.map((line) => line.message)).toEqual(["this"]);
});

test("an error shows its code, detail and cause, and big integers do not break the line", () => {
  const { log, lines } = recorded();
  const cause = new Error("disk full");
  const error = new CodedError("NO_SPACE", "cannot write", { detail: { need: 5n }, cause });
  log.error("failed", { error, points: 7n });
  expect(lines[0]).toMatchObject({
    points: "7",
    error: { code: "NO_SPACE", detail: { need: "5" }, cause: { message: "disk full" } },
  });
});

test("several errors in one are all shown", () => {
  const { log, lines } = recorded();
  log.error("failed", { error: new AggregateError([new Error("first"), new Error("second")]) });
  expect(lines[0]).toMatchObject({
    error: { errors: [{ message: "first" }, { message: "second" }] },
  });
});

test("the silent log takes everything and says nothing", () => {
  expect(() => silentLog.child({ a: 1 }).error("x", { error: new Error("y") })).not.toThrow();
});
