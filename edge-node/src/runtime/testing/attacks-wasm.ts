import { utf8 } from "@meshwork/foundation";
import type { FaultCode } from "@meshwork/protocol";
import type { Task } from "../runtime.ts";
import { assemble, program, taskOf, wasmTask } from "./tasks.ts";

/** What a program has tried against a sandbox somewhere: how it must end, and what it may have got. */
export interface Attack {
  readonly title: string;
  readonly ends: FaultCode | "done";
  readonly task: Task;
  /** Of one that ends well, since what it reaches for is not there. */
  readonly output?: string;
}

/** A few tenths of a second of plain instructions. */
export const ATTACK_FUEL = 300_000_000n;

const wasm = (
  title: string,
  ends: FaultCode | "done",
  module: Uint8Array<ArrayBuffer>,
  limits: Partial<Omit<Task["limits"], "fuel">> = {},
): Attack => ({
  title,
  ends,
  task: wasmTask(module, { limits: { fuel: ATTACK_FUEL, ...limits } }),
});

const binary = (title: string, bytes: Uint8Array<ArrayBuffer>): Attack => ({
  title,
  ends: "PROGRAM_REFUSED",
  task: taskOf("wasm-step-v1", bytes),
});

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const wide = '(memory (export "memory") 512)';
const counted = (count: number, text: string) => text.repeat(count);

const loops: readonly Attack[] = [
  wasm("an empty loop", "OUT_OF_FUEL", program("(loop br 0)")),
  wasm(
    "a loop in the start function",
    "OUT_OF_FUEL",
    program("", { more: "(func $s (loop br 0)) (start $s)" }),
  ),
  wasm(
    "two functions that call each other from a loop",
    "OUT_OF_FUEL",
    program("(loop (call $a) br 0)", { more: "(func $a (call $b)) (func $b)" }),
  ),
  wasm(
    "a loop through a table",
    "OUT_OF_FUEL",
    program("(loop (call_indirect (type $v) (i32.const 0)) br 0)", {
      more: "(type $v (func)) (table 1 funcref) (elem (i32.const 0) $e) (func $e)",
    }),
  ),
  wasm(
    "a loop over br_table",
    "OUT_OF_FUEL",
    program(`(loop $l (br_table ${counted(30_000, "$l ")} (i32.const 29999)))`),
  ),
];

const memory: readonly Attack[] = [
  wasm(
    "memory that grows and is filled",
    "OUT_OF_FUEL",
    program(`(local $p i32) (loop (local.set $p (memory.grow (i32.const 16)))
      (if (i32.ne (local.get $p) (i32.const -1)) (then
        (memory.fill (i32.mul (local.get $p) (i32.const 65536)) (i32.const 1) (i32.const 1048576))))
      br 0)`),
  ),
  wasm(
    "memory.grow by four billion",
    "OUT_OF_FUEL",
    program("(drop (memory.grow (i32.const -1)))"),
  ),
  wasm(
    "memory.grow by nothing, for ever",
    "OUT_OF_FUEL",
    program("(loop (drop (memory.grow (i32.const 0))) br 0)"),
  ),
  wasm(
    "bulk fills of 32 MB, for ever",
    "OUT_OF_FUEL",
    program("(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 33554432)) br 0)", {
      memory: wide,
    }),
  ),
  wasm(
    "bulk copies of 16 MB, for ever",
    "OUT_OF_FUEL",
    program("(loop (memory.copy (i32.const 1) (i32.const 16777216) (i32.const 16777214)) br 0)", {
      memory: wide,
    }),
  ),
  wasm(
    "a bulk fill past the end",
    "TRAP",
    program("(memory.fill (i32.const 65530) (i32.const 1) (i32.const 100))"),
  ),
  wasm(
    "a data segment past the end",
    "TRAP",
    program("", { more: '(data (i32.const 65530) "0123456789")' }),
  ),
  wasm(
    "more memory than the contract grants",
    "PROGRAM_REFUSED",
    program("", { memory: '(memory (export "memory") 60000)' }),
  ),
  wasm(
    "a table of ten million",
    "PROGRAM_REFUSED",
    program("", { more: "(table 10000000 funcref)" }),
  ),
  wasm(
    "table.grow",
    "PROGRAM_REFUSED",
    program("(drop (table.grow 0 (ref.null func) (i32.const 1000000)))", {
      more: "(table 1 funcref)",
    }),
  ),
  wasm(
    "table.fill",
    "PROGRAM_REFUSED",
    program("(table.fill 0 (i32.const 0) (ref.null func) (i32.const 1000))", {
      more: "(table 1000 funcref)",
    }),
  ),
  wasm(
    "tables copied for ever",
    "OUT_OF_FUEL",
    program("(loop (table.copy (i32.const 0) (i32.const 1) (i32.const 60000)) br 0)", {
      more: "(table 65536 funcref)",
    }),
  ),
];

const depth: readonly Attack[] = [
  wasm(
    "a function that calls itself",
    "STACK_OVERFLOW",
    program("(call $r)", { more: "(func $r call $r)" }),
  ),
  wasm(
    "a function that calls itself through a table",
    "STACK_OVERFLOW",
    program("(call_indirect (type $v) (i32.const 0))", {
      more: "(type $v (func)) (table 1 funcref) (elem (i32.const 0) $e) (func $e (call_indirect (type $v) (i32.const 0)))",
    }),
    { stackDepth: 65_536 },
  ),
  wasm(
    "frames of 2,000 locals",
    "STACK_OVERFLOW",
    program("(call $r)", { more: `(func $r (local ${counted(1_900, "i64 ")}) call $r)` }),
    { stackDepth: 65_536 },
  ),
  wasm(
    "frames of 250 parameters",
    "STACK_OVERFLOW",
    program(`${counted(250, "(i64.const 1) ")} (call $r)`, {
      more: `(func $r (param ${counted(250, "i64 ")}) ${counted(250, "(i64.const 1) ")} (call $r))`,
    }),
    { stackDepth: 65_536 },
  ),
];

const floods: readonly Attack[] = [
  wasm(
    "output without end",
    "OUTPUT_LIMIT",
    program("(loop (call $output_write (i32.const 0) (i32.const 60000)) br 0)"),
  ),
  wasm(
    "output byte by byte",
    "OUT_OF_FUEL",
    program("(loop (call $output_write (i32.const 0) (i32.const 1)) br 0)"),
  ),
  wasm(
    "empty output without end",
    "OUT_OF_FUEL",
    program("(loop (call $output_write (i32.const 0) (i32.const 0)) br 0)"),
  ),
  wasm(
    "a state of 4 GB",
    "STATE_LIMIT",
    program("(call $state_write (i32.const 0) (i32.const -1))"),
  ),
  wasm("steps without end", "STEP_LIMIT", program("", { steps: -1 })),
  wasm(
    "an output from nowhere",
    "TRAP",
    program("(call $output_write (i32.const -16) (i32.const 64))"),
  ),
];

const forbidden: readonly Attack[] = [
  wasm(
    "an import of the network",
    "PROGRAM_REFUSED",
    assemble('(module (import "env" "fetch" (func)))'),
  ),
  wasm(
    "an import of files",
    "PROGRAM_REFUSED",
    assemble(
      '(module (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32))))',
    ),
  ),
  wasm(
    "an import by the name of a prototype",
    "PROGRAM_REFUSED",
    assemble('(module (import "__proto__" "constructor" (func)))'),
  ),
  wasm(
    "an import of the meter",
    "PROGRAM_REFUSED",
    assemble('(module (import "meter" "fuel" (global (mut i64))))'),
  ),
  wasm(
    "an export by the meter's name",
    "PROGRAM_REFUSED",
    program("", { more: '(global (export "meter:fuel") (mut i64) (i64.const 0))' }),
  ),
  wasm("an import of memory", "PROGRAM_REFUSED", assemble('(module (import "a" "a" (memory 1)))')),
  wasm(
    "shared memory",
    "PROGRAM_REFUSED",
    program("", { memory: '(memory (export "memory") 1 1 shared)' }),
  ),
  wasm(
    "64-bit memory",
    "PROGRAM_REFUSED",
    program("", { memory: '(memory (export "memory") i64 1)' }),
  ),
  wasm("an atomic load", "PROGRAM_REFUSED", program("(drop (i32.atomic.load (i32.const 0)))")),
  wasm(
    "an atomic wait",
    "PROGRAM_REFUSED",
    program("(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))"),
  ),
  wasm(
    "SIMD",
    "PROGRAM_REFUSED",
    program("(drop (f32x4.extract_lane 0 (f32x4.sqrt (v128.const i32x4 0 0 0 0))))"),
  ),
  wasm("tail calls", "PROGRAM_REFUSED", program("(return_call $f)", { more: "(func $f)" })),
  wasm("exceptions", "PROGRAM_REFUSED", program("(throw $t)", { more: "(tag $t)" })),
  wasm("references from outside", "PROGRAM_REFUSED", program("", { more: "(table 1 externref)" })),
];

const malformed: readonly Attack[] = [
  binary("a module of 50 MB", withCustomSection(program(""), 50_000_000)),
  binary("a shell script", utf8("#!/bin/sh\nrm -rf /\n")),
  binary("nothing", new Uint8Array(0)),
  binary("a header and no more", Uint8Array.from(HEADER)),
  binary("blocks nested 20,000 deep", nested(20_000)),
  binary(
    "a section that says it has four billion bytes",
    Uint8Array.of(...HEADER, 1, 0xff, 0xff, 0xff, 0xff, 0x0f),
  ),
];

function nested(deep: number): Uint8Array<ArrayBuffer> {
  const body = [0, ...Array(deep).fill([0x02, 0x40]).flat(), ...Array(deep + 1).fill(0x0b)];
  const u32 = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...u32(n >> 7)]);
  const section = (id: number, ...contents: number[]) => [id, ...u32(contents.length), ...contents];
  return Uint8Array.from([
    ...HEADER,
    ...section(1, 1, 0x60, 0, 0),
    ...section(3, 1, 0),
    ...section(10, 1, ...u32(body.length), ...body),
  ]);
}

/** A section that every reader skips: the module is valid, and only large. */
function withCustomSection(module: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const header = [
    0,
    ...[0, 7, 14, 21].map((shift) => ((length >> shift) & 127) | (shift < 21 ? 128 : 0)),
  ];
  const bytes = new Uint8Array(module.length + header.length + length);
  bytes.set(module);
  bytes.set(header, module.length);
  return bytes;
}

export const wasmAttacks: Readonly<Record<string, readonly Attack[]>> = {
  "a loop": loops,
  "a bomb": memory,
  "deep recursion": depth,
  "a flood": floods,
  "what is forbidden": forbidden,
  "what is no program": malformed,
};
