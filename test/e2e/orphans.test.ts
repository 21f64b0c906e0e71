import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { identityOf, isAlive, type ProcessIdentity } from "@meshwork/cli/supervisor";
import { sleep, systemClock } from "@meshwork/foundation";
import { afterEach, expect, test } from "vitest";

let left: ProcessIdentity[] = [];
afterEach(() => {
  for (const { pid } of left.filter(isAlive)) process.kill(pid, "SIGKILL");
});

/** Starts a program that says the numbers of all processes it started, itself first. */
async function startTree(program: string): Promise<ChildProcess> {
  const path = fileURLToPath(new URL(`../support/children/${program}`, import.meta.url));
  const parent = spawn(process.execPath, [path], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(parent.stdout, "data");
  left = (JSON.parse(String(line)) as number[]).flatMap((pid) => identityOf(pid) ?? []);
  expect(left).toHaveLength(3);
  return parent;
}

async function untilAllAreGone(): Promise<void> {
  while (left.some(isAlive)) await sleep(systemClock, 50);
}

test("a supervisor killed by SIGKILL leaves no child behind", async () => {
  const supervisor = await startTree("supervisor.mjs");
  supervisor.kill("SIGKILL");
  await untilAllAreGone();
}, 15_000);

test("npm killed by SIGKILL leaves neither supervisor nor child behind", async () => {
  const npm = await startTree("npm.mjs");
  npm.kill("SIGKILL");
  await untilAllAreGone();
}, 15_000);
