import { openTask } from "../../edge-node/src/runtime/open-task.ts";
import type { Task } from "../../edge-node/src/runtime/runtime.ts";
import {
  assemble,
  firstSegment,
  program,
  taskOf,
  wasmTask,
} from "../../edge-node/src/runtime/testing/tasks.ts";
import { WASI_SIGNATURES } from "../../edge-node/src/runtime/wasi/signatures.ts";
import { type BenchRow, interleave, row } from "./harness.ts";

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
const PRICE_FUEL = 300_000_000n;
/** What nobody sees, V8 does not compute. */
const SEEN = "(i64.store (i32.const 0) (local.get $x)) (f64.store (i32.const 8) (local.get $f))";
/** A chain that no compiler can shorten. */
const MIXING = `(local.set $x (i64.xor (i64.add (local.get $x) (i64.const 0x9e3779b97f4a7c15))
  (i64.shr_u (local.get $x) (i64.const 7))))`;

/** What begins and ends: a step of it runs again and again, until the same fuel is spent. */
const STEPS: Readonly<Record<string, string>> = {
  "steps that do nothing": "",
  "memory touched once": `(local $a i32) (loop (i32.store (local.get $a) (i32.const 1))
    (local.set $a (i32.add (local.get $a) (i32.const 4096)))
    (br_if 0 (i32.lt_u (local.get $a) (i32.const 33554432))))`,
};

/** Calls of a command. */
const CALLS: Readonly<Record<string, string>> = {
  "times asked": "$clock_time_get (i32.const 0) (i64.const 0) (i32.const 64)",
  "nothing written": "$fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 128)",
  "a thousand empty buffers written":
    "$fd_write (i32.const 1) (i32.const 4096) (i32.const 1024) (i32.const 128)",
  "random bytes": "$random_get (i32.const 4096) (i32.const 4096)",
  "status asked": "$fd_filestat_get (i32.const 3) (i32.const 64)",
  "paths looked up":
    "$path_filestat_get (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 64)",
  "folders listed":
    "$fd_readdir (i32.const 3) (i32.const 4096) (i32.const 4096) (i64.const 0) (i32.const 64)",
};

/** Time for the same fuel, against a loop that mixes bits. Fuel is bought by its time, so it must follow. */
export async function priceRows(): Promise<BenchRow[]> {
  const plain = spender(wasmTask(loopOf(MIXING), { limits: LIMITS }));
  const expensive: [about: string, task: Task][] = [
    ...Object.entries(EXPENSIVE).map(([about, body]): [string, Task] => [
      about,
      wasmTask(loopOf(body), { limits: LIMITS }),
    ]),
    ...Object.entries(STEPS).map(([about, body]): [string, Task] => [
      about,
      wasmTask(program(body, { memory: WIDE, steps: 2 }), { limits: LIMITS }),
    ]),
    ...Object.entries(CALLS).map(([about, call]): [string, Task] => [
      `a command's ${about}`,
      taskOf("wasi-cmd-v1", commandOf(call), { inputs: [new Uint8Array(64)], limits: LIMITS }),
    ]),
  ];
  const rows: BenchRow[] = [];
  for (const [about, task] of expensive) {
    const times = await interleave({ plain, expensive: spender(task) }, 5);
    const measured = { value: times.expensive, unit: "ms", baseline: times.plain };
    rows.push(row({ metric: `same fuel spent on ${about}`, ...measured }, { atMost: 10 }));
  }
  return rows;
}

const LIMITS = { fuel: PRICE_FUEL, outputBytes: 1 << 24 };
const WIDE = '(memory (export "memory") 512)';

/** Processor time of this thread, not the wall's: others may be at work on this machine. */
function spender(task: Task): () => number {
  const session = openTask(task, null);
  const segment = { ...firstSegment, index: session.steps - 1 };
  return () => {
    const start = process.threadCpuUsage();
    for (let spent = 0n; spent < PRICE_FUEL; ) spent += session.runSegment(segment).fuel;
    const { user, system } = process.threadCpuUsage(start);
    return (user + system) / 1_000;
  };
}

const loopOf = (body: string) =>
  program(
    `(local $x i64) (local $f f64) (local.set $f (f64.const 2)) (loop ${body.repeat(16)} ${SEEN} br 0)`,
    {
      memory: WIDE,
      more: `(type $none (func)) (table 2000 funcref) (elem (i32.const 0) $nothing) (func $nothing)`,
    },
  );

function commandOf(call: string): Uint8Array<ArrayBuffer> {
  const [name = ""] = call.slice(1).split(" ");
  const signature = WASI_SIGNATURES[name as keyof typeof WASI_SIGNATURES];
  const types = [...(signature.split(":")[0] ?? "")].map((letter) =>
    letter === "I" ? "i64" : "i32",
  );
  return assemble(`(module
    (import "wasi_snapshot_preview1" "${name}" (func $${name} (param ${types.join(" ")}) (result i32)))
    (memory (export "memory") 2) (data (i32.const 0) "in/0")
    (func (export "_start") (loop (drop (call ${call})) br 0)))`);
}
