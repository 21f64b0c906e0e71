import { systemClock, utf8 } from "@meshwork/foundation";
import type { TaskLimits } from "@meshwork/protocol";
import { instrument, METER_EXPORT } from "../../edge-node/src/runtime/metering/instrument.ts";
import { openTask } from "../../edge-node/src/runtime/open-task.ts";
import { runTask } from "../../edge-node/src/runtime/run-task.ts";
import { createSandboxPool, type SandboxPool } from "../../edge-node/src/runtime/sandbox-pool.ts";
import { firstSegment, program, wasmTask } from "../../edge-node/src/runtime/testing/tasks.ts";
import { compileAssemblyScript, examples } from "../examples/compile.ts";
import { type Bench, type BenchRow, interleave, median, row } from "./harness.ts";

/** What determinism and bounds cost a program, and what a process of its own costs a task. */
export const metering: Bench = {
  name: "metering",
  about: "metered WebAssembly against raw, and the way of a task through the sandbox",
  async run() {
    return { rows: [...(await kernelRows()), ...(await priceRows()), ...(await sandboxRows())] };
  },
};

/** Each takes about 50 ms raw. The bars are the design's. */
const KERNELS = [
  { name: "integers", about: "integer work (SHA-256)", turns: 100_000, atMost: 1.5 },
  { name: "matrices", about: "float work (matrices)", turns: 150, atMost: 2.3 },
  { name: "escapes", about: "float work (Mandelbrot)", turns: 200_000, atMost: 2.3 },
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

/** What a program would do that wants much of a machine for little fuel. */
const EXPENSIVE: Readonly<Record<string, string>> = {
  "square roots": "(local.set $f (f64.sqrt (local.get $f)))",
  divisions: "(local.set $x (i64.rem_u (i64.const -7) (i64.or (local.get $x) (i64.const 3))))",
  "scattered loads": `(local.set $x (i64.and (i64.const 0x1ffffc0) (i64.mul (i64.const 1103515245)
    (i64.add (i64.const 77) (i64.load (i32.wrap_i64 (local.get $x)))))))`,
  "copies of nothing": "(memory.copy (i32.const 0) (i32.const 8) (i32.const 0))",
  "fills of nothing": "(memory.fill (i32.const 0) (i32.const 8) (i32.const 0))",
  "growing by nothing": "(drop (memory.grow (i32.const 0)))",
  "table entries set": "(table.set 0 (i32.const 0) (ref.func $nothing))",
  "tables copied": "(table.copy (i32.const 0) (i32.const 1) (i32.const 1000))",
  "indirect calls": "(call_indirect (type $none) (i32.const 0))",
  "states written": "(call $state_write (i32.const 0) (i32.const 0))",
  "bytes written": "(call $output_write (i32.const 0) (i32.const 1))",
};
const PRICE_FUEL = 100_000_000n;
/** What nobody sees, V8 does not compute. */
const SEEN = "(i64.store (i32.const 0) (local.get $x)) (f64.store (i32.const 8) (local.get $f))";
/** A chain that no compiler can shorten. */
const MIXING = `(local.set $x (i64.xor (i64.add (local.get $x) (i64.const 0x9e3779b97f4a7c15))
  (i64.shr_u (local.get $x) (i64.const 7))))`;

/** Time for the same fuel, against a loop that mixes bits. Fuel is bought by its time, so it must follow. */
async function priceRows(): Promise<BenchRow[]> {
  const timed = (body: string) => {
    const module = program(
      `(local $x i64) (local $f f64) (local.set $f (f64.const 2)) (loop ${body.repeat(16)} ${SEEN} br 0)`,
      {
        memory: '(memory (export "memory") 512)',
        more: `(type $none (func)) (table 2000 funcref) (elem (i32.const 0) $nothing) (func $nothing)`,
      },
    );
    const limits = { fuel: PRICE_FUEL, outputBytes: 1 << 24 };
    const session = openTask(wasmTask(module, { limits }), null);
    return () => {
      const start = performance.now();
      session.runSegment(firstSegment);
      return performance.now() - start;
    };
  };
  const plain = timed(MIXING);
  const rows: BenchRow[] = [];
  for (const [about, body] of Object.entries(EXPENSIVE)) {
    const times = await interleave({ plain, expensive: timed(body) }, 5);
    const measured = { value: times.expensive, unit: "ms", baseline: times.plain };
    rows.push(row({ metric: `same fuel spent on ${about}`, ...measured }, { atMost: 10 }));
  }
  return rows;
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
