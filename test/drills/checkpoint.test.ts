import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createMeshwork, defineTask, type TaskState } from "@meshwork/api/client";
import { networkFiles, readKeys } from "@meshwork/cli/start";
import { nodeIdOf } from "@meshwork/crypto";
import type { NodeId } from "@meshwork/foundation";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { startNetwork, type TestNetwork, temporaryFolder } from "../support/running-network.ts";

const data = temporaryFolder();
let running: TestNetwork;
beforeAll(async () => {
  running = await startNetwork(data.path);
}, 90_000);
afterAll(async () => {
  await running.stop();
  data.remove();
}, 60_000);

const STEPS = 60;

/** A minute of QuickJS on a machine that does much else, ten seconds on one that does not. */
const longTask = defineTask({
  runtime: "js-qjs-v1",
  program: `
    function steps() { return ${STEPS}; }
    function step(index, state) {
      let n = state ?? 1;
      for (let i = 0; i < 3e5; i++) n = (n * 31 + i) % 65521;
      return { state: n, output: index === ${STEPS - 1} ? n : undefined };
    }`,
  input: z.number(),
  output: z.number(),
  deadlines: { matchMs: 30_000, runMs: 600_000, deliverMs: 600_000 },
});

const nameOf = (node: NodeId): string => {
  const { members } = running.network.genesis;
  return networkFiles.node(1 + members.findIndex(({ publicKey }) => nodeIdOf(publicKey) === node));
};

/** How a run went on from its checkpoint, as the node's own log says. */
async function resumedRun(name: string): Promise<{ executed: bigint; fuel: bigint } | null> {
  const log = await readFile(join(data.path, "logs", `${name}.log`), "utf8");
  const line = log.split("\n").find((text) => text.includes("a run went on from its checkpoint"));
  if (line === undefined) return null;
  const { executed, fuel } = JSON.parse(line);
  return { executed: BigInt(executed), fuel: BigInt(fuel) };
}

test("a worker that is killed by SIGKILL at half time finishes with less than a whole run, and its result is verified", async () => {
  const { apiUrl: url, folder, genesis } = running.network;
  const { keyPair } = await readKeys(join(folder, networkFiles.agent));
  const mesh = createMeshwork({ url, key: keyPair, genesis });
  let killed: string | null = null;
  const { outcome, fuel } = await mesh.run(longTask, 1, {
    onState(state: TaskState) {
      if (killed !== null || state.kind !== "running") return;
      const half = state.progress.find(({ stepsDone }) => stepsDone >= STEPS / 2);
      if (half === undefined) return;
      killed = nameOf(half.worker as NodeId);
      process.kill(running.pidOf(killed), "SIGKILL");
    },
  });
  expect(outcome).toBe("verified");
  const run = await resumedRun(killed ?? "nobody");
  expect(run?.fuel).toBe(fuel);
  // The last checkpoint is two seconds old at most, and a fast machine is at half time soon after the first.
  expect(run?.executed).toBeLessThan((fuel * 9n) / 10n);
}, 600_000);
