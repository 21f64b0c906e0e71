import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMeshwork, defineTask, type Meshwork } from "@meshwork/api/client";
import { networkFiles, readKeys } from "@meshwork/cli/start";
import { createSandboxes, createSandboxPool, runTask } from "@meshwork/edge-node";
import { type Fuel, sleep, systemClock, utf8 } from "@meshwork/foundation";
import { z } from "zod";
import { startNetwork } from "../support/running-network.ts";
import { type Bench, median, quantile, row } from "./harness.ts";

const TASKS = 9;
const WARM_UP = 2;
const STARTS = 5;
const ABREAST = 3;

/** Half a second or so of JavaScript: work enough to be worth handing out. */
const PROGRAM =
  "function main(inputs) { let n = inputs[0].json(); for (let i = 0; i < 1e6; i++) n = (n * 31 + i) % 65521; return n; }";

/** The same work in sixteen steps, of which each verifier runs two again: no check repeats it all. */
const IN_STEPS = `function steps() { return 16; }
function step(index, state, inputs) {
  let n = index === 0 ? inputs[0].json() : state;
  for (let i = 0; i < 62500; i++) n = (n * 31 + index * 62500 + i) % 65521;
  return index === 15 ? { output: n } : { state: n };
}`;

const taskOf = (program: string) =>
  defineTask({ runtime: "js-qjs-v1", program, input: z.number(), output: z.number() });

interface Latency {
  unverifiedMs: number;
  verifiedMs: number;
}

/** What the network adds to a task: over the same program run bare, in the same sandbox, in turns. */
export const tasks: Bench = {
  name: "tasks",
  about:
    "what a checked result takes beyond the bare run: seven nodes, two workers, four verifiers, on this machine's cores",
  async run() {
    const folder = await mkdtemp(join(tmpdir(), "meshwork-task-"));
    const starts = await startRows();
    const running = await startNetwork(folder);
    const bare = { whole: await openBareRun(PROGRAM), inSteps: await openBareRun(IN_STEPS) };
    try {
      const { apiUrl: url, genesis, folder: home } = running.network;
      const { keyPair } = await readKeys(join(home, networkFiles.agent));
      const meshwork = createMeshwork({ url, key: keyPair, genesis });
      const stepped = await latencyRows(meshwork, bare.inSteps, {
        program: IN_STEPS,
        of: "16 steps",
      });
      const whole = await latencyRows(meshwork, bare.whole, { program: PROGRAM, of: "one step" });
      const rate = await rateRow(meshwork, bare.inSteps);
      return { rows: [...stepped, ...whole, rate, ...starts] };
    } finally {
      await Promise.all([bare.whole.stop(), bare.inSteps.stop()]);
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

type BareRun = Awaited<ReturnType<typeof openBareRun>>;

async function latencyRows(
  meshwork: Meshwork,
  bare: BareRun,
  { program, of }: { program: string; of: string },
) {
  const bareMs: number[] = [];
  const latencies: Latency[] = [];
  for (let i = -WARM_UP; i < TASKS; i++) {
    const alone = await bare.run();
    const latency = await runOne(meshwork, program, i + WARM_UP);
    if (i < 0) continue;
    bareMs.push(alone);
    latencies.push(latency);
  }
  return rowsOf(bareMs, latencies, of);
}

/** With a few tasks abreast, against the same runs alone, one a core: each task is run twice and checked. */
async function rateRow(meshwork: Meshwork, bare: BareRun) {
  const since = performance.now();
  let next = 0;
  const customer = async () => {
    while (next < TASKS) await runOne(meshwork, IN_STEPS, 1_000 + next++);
  };
  await Promise.all(Array.from({ length: ABREAST }, customer));
  const tasksPerSecond = (TASKS * 1_000) / (performance.now() - since);
  const alone = median(await Promise.all([bare.run(), bare.run()]));
  return row({
    metric: `tasks a second, ${ABREAST} abreast, over bare runs on two cores`,
    value: tasksPerSecond,
    unit: "/s",
    baseline: 2_000 / alone,
  });
}

/** Until a program of nothing is open: in a child that stood ready, and in one that had to be started. */
async function startRows() {
  const [warm, cold] = [await startsOf(1), await startsOf(0)];
  return [
    row({ metric: "a sandbox opens, warm, over cold", value: warm, unit: "ms", baseline: cold }),
  ];
}

async function startsOf(warm: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const pool = await createSandboxPool({ clock: systemClock }, { warm });
    const sandboxes = createSandboxes(pool, { wallMs: 60_000, hostMemoryBytes: 1 << 30 });
    if (warm > 0) await sleep(systemClock, WARMING_MS, new AbortController().signal);
    const since = performance.now();
    const opened = await sandboxes.open(
      bareTask("function main() {}"),
      new AbortController().signal,
    );
    times.push(performance.now() - since);
    await opened.close();
    await pool.stop();
  }
  return median(times);
}

/** Far more than a child takes to get ready. */
const WARMING_MS = 1_500;

async function runOne(meshwork: Meshwork, program: string, input: number): Promise<Latency> {
  const since = performance.now();
  let unverifiedMs: number | null = null;
  let verifiedMs: number | null = null;
  await meshwork.run(taskOf(program), input, {
    onState(state) {
      const elapsed = performance.now() - since;
      if ("result" in state && state.result !== null) unverifiedMs ??= elapsed;
      if (state.kind === "done") verifiedMs ??= elapsed;
    },
  });
  const done = verifiedMs ?? performance.now() - since;
  return { unverifiedMs: unverifiedMs ?? done, verifiedMs: done };
}

function rowsOf(bareMs: number[], latencies: Latency[], of: string) {
  const baseline = median(bareMs);
  const added = (of: keyof Latency) => latencies.map((latency) => latency[of] - baseline);
  const verified = latencies.map(({ verifiedMs }) => verifiedMs);
  return [
    row(
      {
        metric: `${of}: added until the unverified result, p50`,
        value: median(added("unverifiedMs")),
        unit: "ms",
      },
      { atMost: 200 },
    ),
    row(
      {
        metric: `${of}: added until verified and final, p50`,
        value: median(added("verifiedMs")),
        unit: "ms",
      },
      { atMost: 500 },
    ),
    row({
      metric: `${of}: added until verified and final, p95`,
      value: quantile(added("verifiedMs"), 0.95),
      unit: "ms",
    }),
    row({
      metric: `${of}: verified, over the bare run`,
      value: median(verified),
      unit: "ms",
      baseline,
    }),
  ];
}

/** The same program in one sandbox of this process, with nobody to check it. */
async function openBareRun(program: string) {
  const pool = await createSandboxPool({ clock: systemClock });
  const sandboxes = createSandboxes(pool, { wallMs: 60_000, hostMemoryBytes: 1 << 30 });
  return {
    async run(): Promise<number> {
      const since = performance.now();
      const running = await sandboxes.open(bareTask(program), new AbortController().signal);
      const { fault } = await runTask(running);
      const elapsed = performance.now() - since;
      await running.close();
      if (fault !== null) throw new Error(`the bare run ended in ${fault}`);
      return elapsed;
    },
    stop: () => pool.stop(),
  };
}

const bareTask = (program: string) => ({
  program: { runtime: "js-qjs-v1" as const, bytes: utf8(program) },
  inputs: [utf8("1")],
  limits: {
    fuel: 100_000_000_000n as Fuel,
    memoryPages: 1_024,
    stackDepth: 8_192,
    steps: 16,
    stateBytes: 1_024,
    outputBytes: 1_024,
  },
});
