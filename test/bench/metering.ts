import { limits, systemClock, utf8 } from "@meshwork/foundation";
import { NOTHING_HASH, type TaskLimits, type TraceLeaf, traceRootOf } from "@meshwork/protocol";
import { instrument, METER_EXPORT } from "../../edge-node/src/runtime/metering/instrument.ts";
import { runTask } from "../../edge-node/src/runtime/run-task.ts";
import { createSandboxPool, type SandboxPool } from "../../edge-node/src/runtime/sandbox-pool.ts";
import { compileAssemblyScript, examples } from "../examples/compile.ts";
import { type Bench, type BenchRow, interleave, median, row } from "./harness.ts";
import { priceRows } from "./prices.ts";

/** What determinism and bounds cost a program, and what a process of its own costs a task. */
export const metering: Bench = {
  name: "metering",
  about: "metered WebAssembly against raw, and the way of a task through the sandbox",
  async run() {
    const rows = [...(await kernelRows()), ...(await priceRows()), traceRow()];
    return { rows: [...rows, ...(await sandboxRows())] };
  },
};

/** Each takes about 50 ms raw. The bars are the design's. */
const KERNELS = [
  { name: "integers", about: "integer work (SHA-256)", turns: 100_000, atMost: 1.5 },
  { name: "matrices", about: "float work (matrices)", turns: 150, atMost: 2.3 },
  { name: "escapes", about: "float work (Mandelbrot)", turns: 200_000, atMost: 2.3 },
  { name: "counting", about: "bytes and branches (words counted)", turns: 300, atMost: 1.5 },
  { name: "sorts", about: "calls and memory (quicksort)", turns: 150, atMost: 1.5 },
] as const;

async function kernelRows(): Promise<BenchRow[]> {
  const bytes = new Uint8Array(await compileAssemblyScript(examples.kernels.source));
  const exports = Object.fromEntries(KERNELS.map(({ name }) => [name, "i:i"]));
  const { wasm } = instrument(bytes, { imports: {}, exports, memoryPages: 100 });
  const [raw, metered] = [bytes, wasm].map(
    (module) => new WebAssembly.Instance(new WebAssembly.Module(module), {}).exports,
  ) as [WebAssembly.Exports, WebAssembly.Exports];
  (metered[METER_EXPORT.fuel] as WebAssembly.Global).value = 1n << 62n;
  (metered[METER_EXPORT.stack] as WebAssembly.Global).value = 10_000;
  (metered[METER_EXPORT.start] as () => void)();

  const rows: BenchRow[] = [];
  for (const { name, about, turns, atMost } of KERNELS) {
    const time = (of: WebAssembly.Exports) => () => {
      const start = performance.now();
      (of[name] as (turns: number) => number)(turns);
      return performance.now() - start;
    };
    const times = await interleave({ raw: time(raw), metered: time(metered) }, 15);
    const measured = { metric: about, value: times.metered, unit: "ms", baseline: times.raw };
    rows.push(row(measured, { atMost }));
  }
  return rows;
}

/** The root of the longest trace is hashed in one go: nothing else of the node runs meanwhile. */
function traceRow(): BenchRow {
  const hashes = { pre: NOTHING_HASH, post: NOTHING_HASH, out: NOTHING_HASH };
  const leaves: TraceLeaf[] = Array.from({ length: limits.stepsPerTask + 1 }, (_, index) => ({
    ...{ ...hashes, index, outBytes: 0, fuel: 1n },
  }));
  const times = Array.from({ length: 9 }, () => {
    const start = process.threadCpuUsage();
    traceRootOf(leaves);
    const { user, system } = process.threadCpuUsage(start);
    return (user + system) / 1_000;
  });
  const metric = `longest stall: the root of a trace of ${limits.stepsPerTask} steps`;
  return row({ metric, value: median(times), unit: "ms" }, { atMost: 300 });
}

async function sandboxRows(): Promise<BenchRow[]> {
  const pool = await createSandboxPool({ clock: systemClock }, { maxSessions: 1, warm: 1 });
  try {
    const times = { open: [] as number[], run: [] as number[], close: [] as number[] };
    for (let round = 0; round < 12; round++) await oneTask(pool, times);
    return Object.entries(times).map(([metric, values]) =>
      row({
        metric: `sandbox, small JavaScript task: ${metric}`,
        value: median(values),
        unit: "ms",
      }),
    );
  } finally {
    await pool.stop();
  }
}

async function oneTask(pool: SandboxPool, times: Record<"open" | "run" | "close", number[]>) {
  const lap = async <T>(name: keyof typeof times, action: Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await action;
    times[name].push(performance.now() - start);
    return result;
  };
  await new Promise((resolve) => systemClock.setTimer(400, () => resolve(null))); // the next child warms up
  const program = { runtime: "js-qjs-v1", bytes: utf8("function main() { return 42 }") } as const;
  const task = { program, inputs: [], limits: LIMITS };
  const hostLimits = { wallMs: 10_000, hostMemoryBytes: 1 << 30 };
  const session = await lap("open", pool.open(task, { hostLimits }));
  await lap("run", runTask(session));
  await lap("close", session.close());
}

const LIMITS = {
  fuel: 1_000_000_000n,
  memoryPages: 512,
  stackDepth: 8_192,
  steps: 1,
  stateBytes: 1_024,
  outputBytes: 1_024,
} as TaskLimits;
