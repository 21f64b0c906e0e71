import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMeshwork, defineTask, type Meshwork } from "@meshwork/api/client";
import { networkFiles, readKeys } from "@meshwork/cli/start";
import { createSandboxes, createSandboxPool, runTask } from "@meshwork/edge-node";
import { type Fuel, systemClock, utf8 } from "@meshwork/foundation";
import { z } from "zod";
import { startNetwork } from "../support/running-network.ts";
import { type Bench, median, quantile, row } from "./harness.ts";

const TASKS = 15;
const WARM_UP = 3;

/** Half a second or so of JavaScript: work enough to be worth handing out. */
const PROGRAM =
  "function main(inputs) { let n = inputs[0].json(); for (let i = 0; i < 1e6; i++) n = (n * 31 + i) % 65521; return n; }";

const task = defineTask({
  runtime: "js-qjs-v1",
  program: PROGRAM,
  input: z.number(),
  output: z.number(),
});

interface Latency {
  unverifiedMs: number;
  verifiedMs: number;
}

/** What the network adds to a task: over the same program run bare, in the same sandbox, in turns. */
export const addedLatency: Bench = {
  name: "task",
  about:
    "what a checked result takes beyond the bare run: seven nodes, two workers, four verifiers",
  async run() {
    const folder = await mkdtemp(join(tmpdir(), "meshwork-task-"));
    const running = await startNetwork(folder);
    const bare = await openBareRun();
    try {
      const { apiUrl: url, genesis, folder: home } = running.network;
      const { keyPair } = await readKeys(join(home, networkFiles.agent));
      const meshwork = createMeshwork({ url, key: keyPair, genesis });
      const bareMs: number[] = [];
      const latencies: Latency[] = [];
      for (let i = -WARM_UP; i < TASKS; i++) {
        const alone = await bare.run();
        const latency = await runOne(meshwork, i + WARM_UP);
        if (i < 0) continue;
        bareMs.push(alone);
        latencies.push(latency);
      }
      return { rows: rowsOf(bareMs, latencies) };
    } finally {
      await bare.stop();
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function runOne(meshwork: Meshwork, input: number): Promise<Latency> {
  const since = performance.now();
  let unverifiedMs: number | null = null;
  let verifiedMs: number | null = null;
  await meshwork.run(task, input, {
    onState(state) {
      const elapsed = performance.now() - since;
      if ("result" in state && state.result !== null) unverifiedMs ??= elapsed;
      if (state.kind === "done") verifiedMs ??= elapsed;
    },
  });
  const done = verifiedMs ?? performance.now() - since;
  return { unverifiedMs: unverifiedMs ?? done, verifiedMs: done };
}

function rowsOf(bareMs: number[], latencies: Latency[]) {
  const baseline = median(bareMs);
  const added = (of: keyof Latency) => latencies.map((latency) => latency[of] - baseline);
  const verified = latencies.map(({ verifiedMs }) => verifiedMs);
  return [
    row(
      {
        metric: "added until the unverified result, p50",
        value: median(added("unverifiedMs")),
        unit: "ms",
      },
      { atMost: 200 },
    ),
    row(
      {
        metric: "added until verified and final, p50",
        value: median(added("verifiedMs")),
        unit: "ms",
      },
      { atMost: 500 },
    ),
    row({
      metric: "added until verified and final, p95",
      value: quantile(added("verifiedMs"), 0.95),
      unit: "ms",
    }),
    row({ metric: "verified, over the bare run", value: median(verified), unit: "ms", baseline }),
  ];
}

/** The same program in one sandbox of this process, with nobody to check it. */
async function openBareRun() {
  const pool = await createSandboxPool({ clock: systemClock });
  const sandboxes = createSandboxes(pool, { wallMs: 60_000, hostMemoryBytes: 1 << 30 });
  const bare = {
    program: { runtime: "js-qjs-v1" as const, bytes: utf8(PROGRAM) },
    inputs: [utf8("1")],
    limits: {
      fuel: 100_000_000_000n as Fuel,
      memoryPages: 1_024,
      stackDepth: 8_192,
      steps: 1,
      stateBytes: 1_024,
      outputBytes: 1_024,
    },
  };
  return {
    async run(): Promise<number> {
      const since = performance.now();
      const running = await sandboxes.open(bare, new AbortController().signal);
      const { fault } = await runTask(running);
      const elapsed = performance.now() - since;
      await running.close();
      if (fault !== null) throw new Error(`the bare run ended in ${fault}`);
      return elapsed;
    },
    stop: () => pool.stop(),
  };
}
