import { fromUtf8, systemClock } from "@meshwork/foundation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leafOf } from "./run-task.ts";
import type { SegmentOutcome, Task } from "./runtime.ts";
import { createSandboxPool, type SandboxPool } from "./sandbox-pool.ts";
import { jsAttacks } from "./testing/attacks-js.ts";
import { type Attack, wasmAttacks } from "./testing/attacks-wasm.ts";
import { childrenOf } from "./testing/processes.ts";
import { firstSegment, jsTask } from "./testing/tasks.ts";

/**
 * The escape suite: every attack runs in a real child of the sandbox, one directly after the other,
 * so that each is also the task that has to run at once after the last. It runs twice, cold and warm:
 * the same to the last unit of fuel and letter of the message. `test/fuzz` holds the same attacks
 * against each other over several versions of Node.
 */
const hostLimits = { wallMs: 20_000, hostMemoryBytes: 1 << 30 };
let pool: SandboxPool;
beforeAll(async () => {
  pool = await createSandboxPool({ clock: systemClock }, { maxSessions: 1, warm: 2 });
});
afterAll(() => pool.stop());

async function inSandbox(task: Task): Promise<[cold: SegmentOutcome, warm: SegmentOutcome]> {
  const session = await pool.open(task, { hostLimits });
  try {
    return [await session.runSegment(firstSegment), await session.runSegment(firstSegment)];
  } finally {
    await session.close();
  }
}

const messageOf = (outcome: SegmentOutcome) => (outcome.kind === "fault" ? outcome.message : "");
const endOf = (outcome: SegmentOutcome) => (outcome.kind === "fault" ? outcome.code : "done");

async function survives({ ends, task, output }: Attack): Promise<void> {
  const [outcome, again] = await inSandbox(task);
  expect(endOf(outcome)).toBe(ends);
  if (output !== undefined && outcome.kind === "done")
    expect(fromUtf8(outcome.output)).toBe(output);
  expect(outcome.fuel).toBeLessThanOrEqual(task.limits.fuel);
  expect(leafOf(firstSegment, again)).toEqual(leafOf(firstSegment, outcome));
  expect(messageOf(again)).toBe(messageOf(outcome));
}

describe.each(Object.entries(wasmAttacks))("WebAssembly: %s", (_kind, rows) => {
  test.each(rows)("$title: $ends", survives);
});

describe.each(Object.entries(jsAttacks))("JavaScript: %s", (_kind, rows) => {
  test.each(rows)("$title: $ends", survives);
});

test("after all of it the next task runs, and no child of an attack is left", async () => {
  const [outcome] = await inSandbox(jsTask("function main() { return 1 }"));
  expect(endOf(outcome)).toBe("done");
  expect(childrenOf(process.pid).length).toBeLessThanOrEqual(2); // those that stand ready
});
