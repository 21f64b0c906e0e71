import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { systemClock, utf8 } from "@meshwork/foundation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runTask } from "./run-task.ts";
import type { HostLimits } from "./runtime.ts";
import { createSandboxPool, type SandboxPool } from "./sandbox-pool.ts";
import { firstSegment, jsTask, wasmTask } from "./testing/tasks.ts";

const hostLimits: HostLimits = { wallMs: 10_000, hostMemoryBytes: 1 << 30 };
const endless = { fuel: 1n << 50n };
const LOOP = "function main() { for (;;); }";

let pool: SandboxPool;
beforeAll(async () => {
  pool = await createSandboxPool({ clock: systemClock });
});
afterAll(() => pool.stop());

/** The processes of this machine that run our child and whose parent is this test. */
async function children(): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-eo", "pid=,ppid=,args="]);
  return stdout
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, parent, ...words]) =>
        Number(parent) === process.pid && words.join(" ").includes("sandbox-child"),
    )
    .map(([pid]) => Number(pid));
}
