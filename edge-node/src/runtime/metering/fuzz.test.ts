import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openTask } from "../open-task.ts";
import { assemble, firstSegment, program, wasmTask } from "../testing/tasks.ts";
import { instrument, METER_EXPORT } from "./instrument.ts";
import { ModuleError } from "./module-error.ts";

/** xorshift32: the seed is in the title of what fails. */
function chance(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const mandelbrot = new Uint8Array(
  readFileSync(new URL("../../../../test/examples/mandelbrot/mandelbrot.wasm", import.meta.url)),
);
const small = program(
  `(local $x f64) (drop (call $t (i32.const 3)))
   (block $b (loop $l (br_table $b $l $b (local.get $k))))
   (call $output_write (i32.const 0) (i32.const 8))
   (memory.copy (i32.const 0) (i32.const 8) (i32.const 8))
   (local.set $x (f64.div (f64.load (i32.const 0)) (f64.const 3)))
   (call_indirect (type $v) (i32.const 0))`,
  {
    more: `(type $v (func)) (table 2 funcref) (elem (i32.const 0) $e) (func $e)
      (global $g (mut i64) (i64.const 7)) (data (i32.const 0) "meshwork")
      (func $t (param i32) (result i32)
        (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2))))`,
  },
);

function mutate(bytes: Uint8Array, below: (limit: number) => number): Uint8Array<ArrayBuffer> {
  const mutant = new Uint8Array(bytes);
  for (let edits = 1 + below(4); edits > 0; edits--) {
    const at = 8 + below(mutant.length - 8);
    const kind = below(4);
    if (kind === 0) mutant[at] = below(256);
    else if (kind === 1) mutant[at] = (mutant[at] ?? 0) ^ (1 << below(8));
    else if (kind === 2) mutant.copyWithin(at, 8 + below(mutant.length - 8));
    else if (below(8) === 0) return mutant.slice(0, at);
  }
  return mutant;
}

describe("10,000 mutated modules", () => {
  test.each([
    ["small", small, 8_500],
    ["mandelbrot", mandelbrot, 1_500],
  ] as const)(
    "%s: each is refused with a code, or runs to an end under fuel",
    (_name, original, cases) => {
      let accepted = 0;
      for (let seed = 1; seed <= cases; seed++) {
        const task = wasmTask(mutate(original, chance(seed * 7_919)), {
          limits: { fuel: 3_000_000n },
        });
        const outcome = openTask(task, null).runSegment(firstSegment);
        if (outcome.kind === "done" || outcome.code !== "PROGRAM_REFUSED") accepted++;
        expect(outcome.fuel, `seed ${seed}`).toBeLessThanOrEqual(3_000_000n);
      }
      expect(accepted).toBeGreaterThan(cases / 50); // else nothing behind the reader was tried
      expect(accepted).toBeLessThan(cases);
    },
  );
});

/** A random expression of a type over the parameters and four locals. */
class Expressions {
  readonly #below: (limit: number) => number;

  constructor(below: (limit: number) => number) {
    this.#below = below;
  }

  of(type: "i32" | "i64" | "f64", depth: number): string {
    const pick = (choices: readonly string[]) => choices[this.#below(choices.length)] ?? "";
    if (depth === 0 || this.#below(6) === 0)
      return pick([`(local.get $${type})`, `(${type}.const ${this.#below(2_000) - 1_000})`]);
    const sub = (subtype: typeof type) => this.of(subtype, depth - 1);
    const binary = type === "f64" ? FLOAT_BINARY : INTEGER_BINARY;
    return pick([
      `(${type}.${pick(binary)} ${sub(type)} ${sub(type)})`,
      `(${type}.${pick(binary)} ${sub(type)} ${sub(type)})`,
      `(select ${sub(type)} ${sub(type)} ${sub("i32")})`,
      `(if (result ${type}) ${sub("i32")} (then ${sub(type)}) (else ${sub(type)}))`,
      `(block (result ${type}) (br_if 0 ${sub(type)} ${sub("i32")}))`,
      `(block (result ${type}) (br 0 ${sub(type)}) ${sub("i32")} drop)`,
      `(local.tee $${type} ${sub(type)})`,
      `(call $${type}_of ${sub("i32")} ${sub("i64")} ${sub("f64")})`,
      this.#conversion(type, sub),
    ]);
  }

  #conversion(type: "i32" | "i64" | "f64", sub: (type: "i32" | "i64" | "f64") => string): string {
    if (type === "i32")
      return `(i32.xor (i32.wrap_i64 ${sub("i64")}) (f64.lt ${sub("f64")} ${sub("f64")}))`;
    if (type === "i64")
      return `(i64.add (i64.extend_i32_s ${sub("i32")}) (i64.trunc_sat_f64_s ${sub("f64")}))`;
    return `(f64.add (f64.convert_i64_s ${sub("i64")}) (f64.promote_f32 (f32.sqrt (f32.demote_f64 ${sub("f64")}))))`;
  }
}

const INTEGER_BINARY = ["add", "sub", "mul", "and", "xor", "shl", "shr_u", "rotl"];
/** Not `copysign`: through it a program sees a NaN's sign, which metering makes the same everywhere. */
const FLOAT_BINARY = ["add", "sub", "mul", "div", "min", "max"];

function randomModule(seed: number): Uint8Array<ArrayBuffer> {
  const expressions = new Expressions(chance(seed * 104_729));
  const parameters = "(param $i32 i32) (param $i64 i64) (param $f64 f64)";
  const types = ["i32", "i64", "f64"] as const;
  const helpers = types.map((type) => {
    const leaf = new Expressions(chance(seed)).of(type, 0);
    return `(func $${type}_of ${parameters} (result ${type}) ${leaf})`;
  });
  const functions = types.map(
    (type) => `(func (export "${type}") ${parameters} (result ${type})
      (local $turns i32) (local.set $turns (i32.const 5))
      (loop $again (local.set $${type} ${expressions.of(type, 3)})
        (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
      ${expressions.of(type, 3)})`,
  );
  return assemble(
    `(module (memory (export "memory") 1) ${helpers.join("")} ${functions.join("")})`,
  );
}

test("metering changes nothing that a program computes: 100 random modules against the originals", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const bytes = randomModule(seed);
    const { wasm } = instrument(bytes, { imports: {}, exports: {}, memoryPages: 1 });
    const raw = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
    const metered = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports;
    (metered[METER_EXPORT.fuel] as WebAssembly.Global).value = 1n << 40n;
    (metered[METER_EXPORT.stack] as WebAssembly.Global).value = 10_000;
    for (const name of ["i32", "i64", "f64"])
      for (const [x, y, z] of [
        [0, 1n, 0.5],
        [-7, 1n << 62n, Number.NaN],
        [2 ** 31 - 1, -1n, -0],
      ] as const) {
        const call = (exports: WebAssembly.Exports) =>
          (exports[name] as (x: number, y: bigint, z: number) => unknown)(x, y, z);
        expect(call(metered), `seed ${seed}, ${name}`).toBe(call(raw));
      }
  }
});

test("a refusal is a ModuleError and nothing else", () => {
  for (let seed = 1; seed <= 500; seed++) {
    const bytes = mutate(small, chance(seed * 31));
    try {
      instrument(bytes, { imports: {}, exports: {}, memoryPages: 1 });
    } catch (error) {
      expect(error, `seed ${seed}`).toBeInstanceOf(ModuleError);
    }
  }
});
