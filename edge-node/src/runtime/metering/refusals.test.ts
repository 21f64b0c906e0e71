import { describe, expect, test } from "vitest";
import { assemble, program } from "../testing/tasks.ts";
import { instrument } from "./instrument.ts";
import { ModuleError } from "./module-error.ts";
import { moduleLimits } from "./module-limits.ts";
import type { ModulePolicy } from "./module-outline.ts";

const policy: ModulePolicy = {
  imports: {
    "task.input_size": "i:i",
    "task.input_read": "iiii:i",
    "task.state_size": ":i",
    "task.state_read": "ii:i",
    "task.state_write": "ii:",
    "task.output_write": "ii:",
  },
  exports: { steps: ":i", step: "i:" },
  memoryPages: 100,
};

/** Asks for no exports, so that a module may be refused for what it is about. */
const free: ModulePolicy = { ...policy, exports: {}, importedMemory: "none" };

function refusal(bytes: Uint8Array<ArrayBuffer>, rules: ModulePolicy): string {
  try {
    instrument(bytes, rules);
    return "accepted";
  } catch (error) {
    if (error instanceof ModuleError) return error.code;
    throw error;
  }
}

const section = (id: number, contents: readonly number[]) => [
  id,
  ...leb(contents.length),
  ...contents,
];
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...leb(Math.floor(value / 0x80))];
}
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** A module of one function () → (), whose body is given in bytes. */
const rawBody = (code: readonly number[]) => {
  const body = [0, ...code, 0x0b];
  return Uint8Array.from([
    ...HEADER,
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [1, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
};

describe("what is refused", () => {
  const denied: [title: string, code: string, module: () => Uint8Array<ArrayBuffer>][] = [
    ["nothing at all", "MODULE_MALFORMED", () => new Uint8Array(0)],
    ["a shell script", "MODULE_MALFORMED", () => new TextEncoder().encode("#!/bin/sh\nrm -rf /")],
    [
      "a component",
      "MODULE_MALFORMED",
      () => Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]),
    ],
    [
      "more bytes than allowed",
      "MODULE_TOO_LARGE",
      () => new Uint8Array(moduleLimits.moduleBytes + 1),
    ],
    [
      "an import that the host does not offer",
      "IMPORT_DENIED",
      () => program("", { more: '(import "env" "fetch" (func))', memory: "" }),
    ],
    [
      "an import named like a member of every object",
      "IMPORT_DENIED",
      () => assemble('(module (import "constructor" "name" (func)))'),
    ],
    [
      "an offered import with another signature",
      "IMPORT_DENIED",
      () => assemble('(module (import "task" "output_write" (func (param i64))))'),
    ],
    [
      "an imported memory",
      "IMPORT_DENIED",
      () => assemble('(module (import "env" "memory" (memory 1)))'),
    ],
    [
      "an imported global",
      "IMPORT_DENIED",
      () => assemble('(module (import "env" "global" (global i32)))'),
    ],
    [
      "SIMD",
      "OPCODE_DENIED",
      () => program("(drop (i8x16.extract_lane_u 0 (v128.const i32x4 0 0 0 0)))"),
    ],
    ["atomics", "OPCODE_DENIED", () => program("(drop (i32.atomic.load (i32.const 0)))")],
    ["tail calls", "OPCODE_DENIED", () => program("(return_call $f)", { more: "(func $f)" })],
    [
      "growing a table",
      "OPCODE_DENIED",
      () =>
        program("(drop (table.grow 0 (ref.null func) (i32.const 1)))", {
          more: "(table 1 funcref)",
        }),
    ],
    [
      "shared memory",
      "FEATURE_DENIED",
      () => program("", { memory: '(memory (export "memory") 1 1 shared)' }),
    ],
    [
      "64-bit memory",
      "FEATURE_DENIED",
      () => program("", { memory: '(memory (export "memory") i64 1)' }),
    ],
    [
      "a table of outside references",
      "FEATURE_DENIED",
      () => program("", { more: "(table 1 externref)" }),
    ],
    ["vectors as locals", "FEATURE_DENIED", () => program("(local v128)")],
    ["exceptions", "FEATURE_DENIED", () => program("", { more: "(tag $t)" })],
    [
      "an unknown section",
      "FEATURE_DENIED",
      () => Uint8Array.from([...HEADER, ...section(14, [0])]),
    ],
    [
      "more memory than granted",
      "MEMORY_LIMIT",
      () => program("", { memory: '(memory (export "memory") 101)' }),
    ],
    ["a huge table", "MODULE_LIMIT", () => program("", { more: "(table 10000000 funcref)" })],
    ["too many locals", "MODULE_LIMIT", () => program(`(local ${"i64 ".repeat(2_001)})`)],
    [
      "locals declared by the billion",
      "MODULE_LIMIT",
      () =>
        Uint8Array.from([
          ...HEADER,
          ...section(1, [1, 0x60, 0, 0]),
          ...section(3, [1, 0]),
          ...section(10, [1, 8, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b]),
        ]),
    ],
    [
      "blocks nested without end",
      "MODULE_LIMIT",
      () => rawBody([...Array(20_000).fill([0x02, 0x40]).flat(), ...Array(20_000).fill(0x0b)]),
    ],
    ["a body that is too long", "MODULE_LIMIT", () => rawBody(Array(600_000).fill(0x01))],
    ["code that V8 finds invalid", "MODULE_MALFORMED", () => rawBody([0x6a])],
    [
      "a section that occurs twice",
      "MODULE_MALFORMED",
      () => Uint8Array.from([...HEADER, ...section(1, [0]), ...section(1, [0])]),
    ],
    [
      "a program without steps",
      "ABI_MISMATCH",
      () => assemble('(module (memory (export "memory") 1) (func (export "step") (param i32)))'),
    ],
    [
      "a step that is no function",
      "ABI_MISMATCH",
      () =>
        assemble(
          '(module (memory (export "memory") 1) (global (export "step") i32 (i32.const 0)) (func (export "steps") (result i32) i32.const 1))',
        ),
    ],
    [
      "a program without a memory",
      "ABI_MISMATCH",
      () =>
        assemble(
          '(module (func (export "step") (param i32)) (func (export "steps") (result i32) i32.const 1))',
        ),
    ],
    [
      "an export with the meter's name",
      "ABI_MISMATCH",
      () => program("", { more: '(global (export "meter:fuel") (mut i64) (i64.const 0))' }),
    ],
  ];

  test.each(denied)("%s: %s", (_title, code, module) => {
    const rules = code === "ABI_MISMATCH" || code === "MODULE_TOO_LARGE" ? policy : free;
    expect(refusal(module(), rules)).toBe(code);
  });

  test("a global or local of the meter's cannot be reached by its index", () => {
    expect(refusal(rawBody([0x42, 0x00, 0x24, 0x00]), free)).toBe("MODULE_MALFORMED");
    expect(refusal(rawBody([0x42, 0x00, 0x21, 0x02]), free)).toBe("MODULE_MALFORMED");
  });

  test("a branch past the function's own block", () => {
    expect(refusal(rawBody([0x0c, 0x01]), free)).toBe("MODULE_MALFORMED");
  });
});
