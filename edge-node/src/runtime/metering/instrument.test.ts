import { describe, expect, test } from "vitest";
import { assemble } from "../testing/tasks.ts";
import { type InstrumentedModule, instrument, METER_EXPORT } from "./instrument.ts";
import type { ModulePolicy } from "./module-outline.ts";

/** A module with one function and no ABI. */
const bare: ModulePolicy = { imports: {}, exports: { f: ":i" }, memoryPages: 100 };
const functionOf = (body: string, more = "") =>
  assemble(
    `(module (memory (export "memory") 1) ${more} (func (export "f") (result i32) ${body}))`,
  );

/** Instantiates, gives fuel and stack, and calls `f`. */
function run({ wasm }: InstrumentedModule, budget = { fuel: 1_000_000n, stack: 10_000 }) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), {});
  const global = (name: string) => exports[name] as WebAssembly.Global;
  global(METER_EXPORT.fuel).value = budget.fuel;
  global(METER_EXPORT.stack).value = budget.stack;
  let result: number | "trap";
  try {
    result = (exports.f as () => number)();
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    result = "trap";
  }
  return {
    result,
    used: budget.fuel - BigInt(global(METER_EXPORT.fuel).value),
    stackLeft: global(METER_EXPORT.stack).value as number,
    reason: global(METER_EXPORT.reason).value as number,
  };
}

describe("fuel", () => {
  const loop = (turns: number) =>
    functionOf(`(local $i i32)
      (loop $l (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const ${turns}))))
      (local.get $i)`);

  test("grows with the work, by the same amount every time", () => {
    const used = (turns: number) => run(instrument(loop(turns), bare)).used;
    expect(used(200) - used(100)).toBe(used(300) - used(200));
    expect(used(200) - used(100)).toBeGreaterThanOrEqual(100n * 7n);
  });

  test("stops a loop that never ends, and says why", () => {
    const { result, reason, used } = run(instrument(functionOf("(loop br 0) i32.const 0"), bare));
    expect({ result, reason }).toEqual({ result: "trap", reason: 1 });
    expect(used).toBeGreaterThan(1_000_000n);
  });

  test("is taken for bulk memory by the byte, before it is moved", () => {
    const fill = (bytes: number) =>
      run(
        instrument(
          functionOf(`(memory.fill (i32.const 0) (i32.const 1) (i32.const ${bytes})) i32.const 0`),
          bare,
        ),
      );
    expect(fill(40_000).used - fill(0).used).toBe(10_000n);
    const huge = functionOf("(memory.fill (i32.const 0) (i32.const 1) (i32.const -1)) i32.const 0");
    expect(run(instrument(huge, bare)).reason).toBe(1);
  });

  test("is exact when the program gives up by itself", () => {
    const giveUp = functionOf("(drop (i32.const 1)) unreachable");
    expect(run(instrument(giveUp, bare))).toMatchObject({ result: "trap", reason: 3, used: 4n });
  });
});

describe("the stack", () => {
  const recursion = functionOf(
    "(call $r)",
    "(func $r (result i32) (i32.add (call $r) (i32.const 1)))",
  );

  test("has a budget that endless recursion meets", () => {
    expect(run(instrument(recursion, bare))).toMatchObject({ result: "trap", reason: 2 });
  });

  test("is charged by the frame's size", () => {
    const depth = (locals: number) => {
      const counting = functionOf(
        "(call $r) (global.get $n)",
        `(global $n (mut i32) (i32.const 0))
         (func $r (local ${"i64 ".repeat(locals)}) (global.set $n (i32.add (global.get $n) (i32.const 1)))
           (if (i32.lt_u (global.get $n) (i32.const 100)) (then (call $r))))`,
      );
      return run(instrument(counting, bare), { fuel: 1_000_000n, stack: 20_000 }).result;
    };
    expect(depth(10)).toBe(100);
    expect(depth(1_000)).toBe("trap");
  });

  test("is given back by every way out of a function", () => {
    const ways = functionOf(
      "(drop (call $early (i32.const 0))) (drop (call $early (i32.const 1))) (drop (call $branch)) (call $many) drop",
      `(func $early (param i32) (result i32) (if (local.get 0) (then (return (i32.const 1)))) (i32.const 2))
       (func $branch (result i32) (block (loop (br 1))) (br 0 (i32.const 3)))
       (func $many (result i32 i32) (return (i32.const 4) (i32.const 5)))`,
    );
    const { result, stackLeft } = run(instrument(ways, bare));
    expect({ result, stackLeft }).toEqual({ result: 4, stackLeft: 10_000 });
  });
});

describe("determinism", () => {
  test("a NaN that arithmetic makes has one pattern of bits, whatever its operands had", () => {
    const bits = (expression: string) =>
      run(
        instrument(
          functionOf(
            `(i32.wrap_i64 (i64.shr_u (i64.reinterpret_f64 ${expression}) (i64.const 32)))`,
          ),
          bare,
        ),
      ).result;
    const odd = "(f64.reinterpret_i64 (i64.const 0xfffdeadbeef00000))";
    for (const expression of [
      "(f64.div (f64.const 0) (f64.const 0))",
      `(f64.add ${odd} (f64.const 1))`,
      `(f64.sqrt (f64.const -1))`,
      `(f64.promote_f32 (f32.div (f32.const 0) (f32.const 0)))`,
      `(f64.mul (f64.add ${odd} (f64.const 1)) ${odd})`,
    ])
      expect(bits(expression)).toBe(0x7ff80000);
    expect((bits(odd) as number) >>> 0).toBe(0xfffdeadb); // moving a NaN is not arithmetic
  });

  test("memory grows to the granted pages and no further", () => {
    const grown = (pages: number) =>
      run(instrument(functionOf(`(memory.grow (i32.const ${pages}))`), bare), {
        fuel: 100_000_000n,
        stack: 10_000,
      }).result;
    expect(grown(99)).toBe(1);
    expect(grown(100)).toBe(-1);
  });

  test("the start function runs only when the host calls it, under fuel", () => {
    const started = instrument(
      functionOf("(i32.const 0)", "(func $s (loop br 0)) (start $s)"),
      bare,
    );
    const module = new WebAssembly.Module(started.wasm);
    expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toContain(
      METER_EXPORT.start,
    );
    expect(() => new WebAssembly.Instance(module, {})).not.toThrow();
  });
});
