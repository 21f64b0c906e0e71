import { utf8 } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { openTask } from "./open-task.ts";
import type { SegmentOutcome, Task } from "./runtime.ts";
import { assemble, firstSegment, program, wasmTask } from "./testing/tasks.ts";

const open = (task: Task) => openTask(task, null);
const runOnly = (task: Task): SegmentOutcome => open(task).runSegment(firstSegment);
const codeOf = (outcome: SegmentOutcome) => (outcome.kind === "fault" ? outcome.code : "done");

/** Adds 1 to the byte of state, and writes it twice to the output. */
const counter = program(
  `(drop (call $state_read (i32.const 0) (i32.const 1)))
   (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
   (i32.store8 (i32.const 1) (i32.load8_u (i32.const 0)))
   (call $state_write (i32.const 0) (i32.const 1))
   (call $output_write (i32.const 0) (i32.const 2))`,
  { steps: 3 },
);

describe("steps", () => {
  test("pass their state on and write their own part of the output", () => {
    const session = open(wasmTask(counter));
    expect(session.steps).toBe(3);
    const first = session.runSegment(firstSegment);
    expect(first).toMatchObject({ postState: Uint8Array.of(1), output: Uint8Array.of(1, 1) });
    const third = session.runSegment({ ...firstSegment, index: 2, preState: Uint8Array.of(8) });
    expect(third).toMatchObject({ postState: Uint8Array.of(9), output: Uint8Array.of(9, 9) });
  });

  test("can be run again alone, in any order, with the same outcome to the last unit of fuel", () => {
    const segment = { index: 1, preState: Uint8Array.of(4), fuelBefore: 77n, outputBefore: 2 };
    const session = open(wasmTask(counter));
    session.runSegment(firstSegment);
    const inOrder = session.runSegment(segment);
    const alone = open(wasmTask(counter)).runSegment(segment);
    expect(alone).toEqual(inOrder);
    expect(alone).toMatchObject({ kind: "done", postState: Uint8Array.of(5) });
  });

  test("see nothing that an earlier step left in memory or globals", () => {
    const dirty = program(
      `(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (global.get $g)))
       (global.set $g (i32.const 9))
       (call $output_write (i32.const 0) (i32.const 4))`,
      { more: "(global $g (mut i32) (i32.const 1))", steps: 2 },
    );
    const session = open(wasmTask(dirty));
    for (const index of [0, 1, 1])
      expect(session.runSegment({ ...firstSegment, index })).toMatchObject({
        output: Uint8Array.of(1, 0, 0, 0),
      });
  });

  test("keep the state when they do not write one", () => {
    const session = open(wasmTask(program("", { steps: 2 })));
    const outcome = session.runSegment({ ...firstSegment, index: 1, preState: utf8("kept") });
    expect(outcome).toMatchObject({ postState: utf8("kept") });
  });
});

describe("inputs", () => {
  test("are read by number, offset and length, and never beyond their end", () => {
    const reading = program(
      `(i32.store (i32.const 0) (call $input_size (i32.const 1)))
       (i32.store (i32.const 4) (call $input_read (i32.const 1) (i32.const 2) (i32.const 16) (i32.const 99)))
       (i32.store (i32.const 8) (call $input_read (i32.const 1) (i32.const -1) (i32.const 16) (i32.const 1)))
       (i32.store (i32.const 12) (call $input_size (i32.const -1)))
       (call $output_write (i32.const 0) (i32.const 20))`,
    );
    const outcome = runOnly(wasmTask(reading, { inputs: [utf8("no"), utf8("abcdef")] }));
    const expected = [6, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...utf8("cdef")];
    expect(outcome).toMatchObject({ output: Uint8Array.from(expected) });
  });
});

describe("a program that means harm", () => {
  const bomb = `(local $p i32) (loop
    (local.set $p (memory.grow (i32.const 16)))
    (if (i32.ne (local.get $p) (i32.const -1)) (then
      (memory.fill (i32.mul (local.get $p) (i32.const 65536)) (i32.const 1) (i32.const 1048576))))
    br 0)`;
  const flood = "(loop (call $output_write (i32.const 0) (i32.const 60000)) br 0)";
  const cases: [title: string, code: string, module: Uint8Array<ArrayBuffer>][] = [
    ["loops for ever", "OUT_OF_FUEL", program("(loop br 0)")],
    [
      "loops in its start function",
      "OUT_OF_FUEL",
      program("", { more: "(func $s (loop br 0)) (start $s)" }),
    ],
    ["has memory for breakfast", "OUT_OF_FUEL", program(bomb)],
    [
      "fills memory again and again",
      "OUT_OF_FUEL",
      program("(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) br 0)"),
    ],
    [
      "calls itself for ever",
      "STACK_OVERFLOW",
      program("(call $r)", { more: "(func $r call $r)" }),
    ],
    [
      "calls itself with fat frames",
      "STACK_OVERFLOW",
      program("(call $r)", { more: `(func $r (local ${"i64 ".repeat(1_500)}) call $r)` }),
    ],
    ["floods its output", "OUTPUT_LIMIT", program(flood)],
    [
      "writes its output byte by byte",
      "OUT_OF_FUEL",
      program("(loop (call $output_write (i32.const 0) (i32.const 1)) br 0)"),
    ],
    [
      "leaves a state that is too large",
      "STATE_LIMIT",
      program("(call $state_write (i32.const 0) (i32.const 2000000))", {
        memory: '(memory (export "memory") 64)',
      }),
    ],
    [
      "gives the host an address out of bounds",
      "TRAP",
      program("(call $output_write (i32.const -16) (i32.const 64))"),
    ],
    ["gives up", "TRAP", program("unreachable")],
    ["divides by zero", "TRAP", program("(drop (i32.div_u (i32.const 1) (i32.const 0)))")],
    ["reads out of bounds", "TRAP", program("(drop (i32.load (i32.const -4)))")],
    [
      "copies its data out of bounds when it starts",
      "TRAP",
      program("", { more: '(data (i32.const 65530) "0123456789")' }),
    ],
    ["has no steps", "STEP_LIMIT", program("", { steps: 0 })],
    ["has four billion steps", "STEP_LIMIT", program("", { steps: -1 })],
    [
      "imports what nobody offers",
      "PROGRAM_REFUSED",
      assemble('(module (import "env" "fetch" (func)))'),
    ],
  ];

  test.each(cases)("%s: %s", (_title, code, module) => {
    const task = wasmTask(module, { limits: { fuel: 50_000_000n } });
    const outcome = runOnly(task);
    expect(codeOf(outcome)).toBe(code);
    expect(outcome.fuel).toBeLessThanOrEqual(50_000_000n);
    expect(runOnly(task)).toEqual(outcome);
  });

  test("cannot count for ever", () => {
    const module = assemble(`(module (memory (export "memory") 1)
      (func (export "steps") (result i32) (loop br 0) i32.const 1) (func (export "step") (param i32)))`);
    const session = open(wasmTask(module));
    expect(session.steps).toBe(1);
    expect(codeOf(session.runSegment(firstSegment))).toBe("OUT_OF_FUEL");
  });

  test("pays everything for a trap whose fuel is not known", () => {
    const outcome = runOnly(
      wasmTask(program("(drop (i32.load (i32.const -4)))"), { limits: { fuel: 400_000n } }),
    );
    expect(outcome.fuel).toBe(400_000n);
  });
});

describe("limits of the whole task", () => {
  const writer = program("(call $output_write (i32.const 0) (i32.const 100))", { steps: 2 });

  test("count what earlier steps used of the output", () => {
    const session = open(wasmTask(writer, { limits: { outputBytes: 200 } }));
    expect(codeOf(session.runSegment({ ...firstSegment, index: 1, outputBefore: 100 }))).toBe(
      "done",
    );
    expect(codeOf(session.runSegment({ ...firstSegment, index: 1, outputBefore: 101 }))).toBe(
      "OUTPUT_LIMIT",
    );
  });

  test("count what earlier steps used of the fuel, to the unit", () => {
    const session = open(wasmTask(writer));
    const { fuel } = session.runSegment({ ...firstSegment, index: 1 });
    const left = (fuelBefore: bigint) =>
      codeOf(session.runSegment({ ...firstSegment, index: 1, fuelBefore }));
    expect(left(1_000_000_000n - fuel)).toBe("done");
    expect(left(1_000_000_000n - fuel + 1n)).toBe("OUT_OF_FUEL");
    expect(left(2_000_000_000n)).toBe("OUT_OF_FUEL");
  });

  test("let the first step pay for opening the program", () => {
    const session = open(wasmTask(writer));
    const [first, second] = [0, 1].map(
      (index) => session.runSegment({ ...firstSegment, index }).fuel,
    );
    expect(Number(first) - Number(second)).toBeGreaterThan(100 * writer.length);
  });
});
