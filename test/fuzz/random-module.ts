import { type Chance, chance } from "./chance.ts";

/**
 * A random valid module for `wasm-step-v1`, as text, from its seed alone. It may trap, spend its fuel or
 * recurse without end: whatever it does, it must do everywhere. What it computed it leaves in memory, globals
 * and thus in its output, with every bit of its floats.
 */
export function randomModule(seed: number): string {
  return new ModuleText(chance(seed)).text();
}

type Type = "i32" | "i64" | "f32" | "f64";
const TYPES: readonly Type[] = ["i32", "i64", "f32", "f64"];

interface Callee {
  readonly parameters: readonly Type[];
  readonly result: Type;
}

const INTEGER_BINARY = "add sub mul and or xor shl shr_s shr_u rotl rotr".split(" ");
const DIVISION = "div_s div_u rem_s rem_u".split(" ");
const INTEGER_UNARY = "clz ctz popcnt extend8_s extend16_s".split(" ");
const INTEGER_COMPARE = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u".split(" ");
const FLOAT_BINARY = "add sub mul div min max copysign".split(" ");
const FLOAT_UNARY = "abs neg ceil floor trunc nearest sqrt".split(" ");
const FLOAT_COMPARE = "eq ne lt gt le ge".split(" ");
const INTEGERS = ["0", "1", "-1", "7", "255", "65536", "0x7fffffff", "-0x80000000"];
const FLOATS = ["0", "-0", "1.5", "-3", "1e30", "1e-40", "inf", "-inf", "nan", "-nan:0x200001"];

/** Conversions to a type: the instruction, and the type that it takes. */
const CONVERSIONS: Readonly<Record<Type, readonly (readonly [string, Type])[]>> = {
  i32: [
    ["i32.wrap_i64", "i64"],
    ["i32.reinterpret_f32", "f32"],
    ["i32.trunc_sat_f32_s", "f32"],
    ["i32.trunc_sat_f32_u", "f32"],
    ["i32.trunc_sat_f64_s", "f64"],
    ["i32.trunc_sat_f64_u", "f64"],
  ],
  i64: [
    ["i64.extend_i32_s", "i32"],
    ["i64.extend_i32_u", "i32"],
    ["i64.reinterpret_f64", "f64"],
    ["i64.trunc_sat_f64_u", "f64"],
    ["i64.trunc_sat_f32_s", "f32"],
    ["i64.extend32_s", "i64"],
  ],
  f32: [
    ["f32.demote_f64", "f64"],
    ["f32.reinterpret_i32", "i32"],
    ["f32.convert_i64_u", "i64"],
    ["f32.convert_i32_s", "i32"],
  ],
  f64: [
    ["f64.promote_f32", "f32"],
    ["f64.reinterpret_i64", "i64"],
    ["f64.convert_i64_s", "i64"],
    ["f64.convert_i32_u", "i32"],
  ],
};

/** A mutable global of each type; every function has a local of each, behind its parameters. */
class ModuleText {
  readonly #chance: Chance;
  readonly #callees: readonly Callee[];

  constructor(chance: Chance) {
    this.#chance = chance;
    this.#callees = Array.from({ length: 3 + chance.below(4) }, () => ({
      parameters: Array.from({ length: chance.below(4) }, () => chance.pick(TYPES)),
      result: chance.pick(TYPES),
    }));
  }

  text(): string {
    const functions = this.#callees.map((callee, i) => this.#function(callee, i));
    const elements = this.#callees.map((_, i) => `$f${i}`).join(" ");
    const globals = TYPES.map((type) => `(global $${type} (mut ${type}) ${this.#constant(type)})`);
    const results = this.#callees.map(
      ({ parameters, result }, i) =>
        `(global.set $${result} (call $f${i} ${parameters.map((type) => this.#constant(type)).join(" ")}))`,
    );
    const kept = TYPES.map(
      (type, i) => `(${type}.store (i32.const ${8 * i}) (global.get $${type}))`,
    );
    return `(module
      (import "task" "output_write" (func $output_write (param i32 i32)))
      (memory (export "memory") 1 3)
      (data (i32.const 64) "\\ff\\ff\\ff\\7f\\01\\02\\03\\80\\00\\00\\c0\\7f") (data $passive "random bytes")
      (table $t ${this.#callees.length + 2} funcref) (elem (i32.const 0) ${elements})
      ${globals.join(" ")}
      ${functions.join("\n")}
      (func (export "steps") (result i32) (i32.const 1))
      (func (export "step") (param $k i32)
        ${results.join("\n")} ${kept.join(" ")}
        (call $output_write (i32.const 0) (i32.const 65536))))`;
  }

  #function({ parameters, result }: Callee, index: number): string {
    const types = parameters.map((type) => `(param ${type})`).join(" ");
    const locals = TYPES.map((type) => `(local $${type} ${type})`).join(" ");
    const body = Array.from({ length: 2 + this.#chance.below(5) }, () => this.#statement(index, 3));
    const given = parameters.map((type, i) => `(local.set $${type} (local.get ${i}))`);
    return `(func $f${index} ${types} (result ${result}) ${locals} (local $turns i32)
      ${given.join(" ")} ${body.join("\n")} ${this.#expression(result, index, 3)})`;
  }

  #statement(caller: number, depth: number): string {
    const { below, pick } = this.#chance;
    const type = pick(TYPES);
    const value = () => this.#expression(type, caller, depth);
    const i32 = () => this.#expression("i32", caller, depth - 1);
    const inner = () => (depth > 0 ? this.#statement(caller, depth - 1) : "");
    const kinds = [
      () => `(local.set $${type} ${value()})`,
      () => `(global.set $${type} ${value()})`,
      () => `(${type}.store ${this.#address(caller)} ${value()})`,
      () => `(i32.store8 ${this.#address(caller)} ${i32()})`,
      () => `(if ${i32()} (then ${inner()} ${inner()}) (else ${inner()}))`,
      () => `(block $out ${inner()} (br_if $out ${i32()}) ${inner()})`,
      () => `(block (block (br_table 0 1 0 ${i32()})) ${inner()})`,
      () => this.#loop(caller, depth),
      () => `(drop (memory.grow (i32.and ${i32()} (i32.const 3))))`,
      () => `(memory.fill ${this.#address(caller)} ${i32()} (i32.const ${below(400)}))`,
      () =>
        `(memory.copy ${this.#address(caller)} ${this.#address(caller)} (i32.const ${below(400)}))`,
      () =>
        `(memory.init $passive ${this.#address(caller)} (i32.const ${below(6)}) (i32.const ${below(7)}))`,
      () =>
        `(table.set $t (i32.const ${below(this.#callees.length + 2)}) (ref.func $f${below(this.#callees.length)}))`,
      () => (below(20) === 0 ? `(if (i32.eqz ${i32()}) (then unreachable))` : "(nop)"),
    ];
    return pick(kinds)();
  }

  /** Its counter is a local that inner loops and calls leave alone only by luck: some run very long. */
  #loop(caller: number, depth: number): string {
    const turns = 1 + this.#chance.below(20);
    const inner = depth > 0 ? this.#statement(caller, depth - 1) : "";
    return `(local.set $turns (i32.const ${turns})) (loop $again ${inner}
      (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))`;
  }

  /** Mostly within the first page; sometimes anywhere, which traps. */
  #address(caller: number): string {
    const anywhere = this.#expression("i32", caller, 1);
    return this.#rarely() ? anywhere : `(i32.and ${anywhere} (i32.const 0xf0f0))`;
  }

  #expression(type: Type, caller: number, depth: number): string {
    const { below, pick } = this.#chance;
    if (depth <= 0 || below(7) === 0)
      return pick([
        `(local.get $${type})`,
        `(global.get $${type})`,
        this.#constant(type),
        `(${type}.load ${depth > 0 ? this.#address(caller) : "(i32.const 64)"})`,
      ]);
    const sub = (of: Type = type) => this.#expression(of, caller, depth - 1);
    const isInteger = type === "i32" || type === "i64";
    const [binary, unary] = isInteger
      ? [INTEGER_BINARY, INTEGER_UNARY]
      : [FLOAT_BINARY, FLOAT_UNARY];
    const [conversion, from] = pick(CONVERSIONS[type]);
    const kinds = [
      () => `(${type}.${pick(binary)} ${sub()} ${sub()})`,
      () => (isInteger ? this.#division(type, sub) : `(${type}.${pick(binary)} ${sub()} ${sub()})`),
      () => `(${type}.${pick(unary)} ${sub()})`,
      () =>
        isInteger && this.#rarely() ? this.#truncation(type, sub) : `(${conversion} ${sub(from)})`,
      () => `(select ${sub()} ${sub()} ${sub("i32")})`,
      () => `(if (result ${type}) ${sub("i32")} (then ${sub()}) (else ${sub()}))`,
      () => `(block (result ${type}) (br_if 0 ${sub()} ${sub("i32")}))`,
      () => `(block (result ${type}) ${this.#statement(caller, depth - 2)} (br 0 ${sub()}))`,
      () => `(local.tee $${type} ${sub()})`,
      () => this.#call(type, caller, depth),
      ...(type === "i32" ? [() => this.#comparison(caller, depth), () => "(memory.size)"] : []),
    ];
    return pick(kinds)();
  }

  /** By an odd number, as a rule: so most do not trap. */
  #division(type: Type, sub: () => string): string {
    const by = this.#rarely() ? sub() : `(${type}.or ${sub()} (${type}.const 1))`;
    return `(${type}.${this.#chance.pick(DIVISION)} ${sub()} ${by})`;
  }

  /** An integer of a float that may be too large for it. */
  #truncation(type: "i32" | "i64", sub: (of: Type) => string): string {
    const from = this.#chance.pick(["f32", "f64"] as const);
    return `(${type}.trunc_${from}_${this.#chance.pick(["s", "u"])} ${sub(from)})`;
  }

  /** How often something is left out that keeps a module from trapping. */
  #rarely(): boolean {
    return this.#chance.below(150) === 0;
  }

  #comparison(caller: number, depth: number): string {
    const { pick } = this.#chance;
    const type = pick(TYPES);
    const compare = pick(type === "i32" || type === "i64" ? INTEGER_COMPARE : FLOAT_COMPARE);
    const sub = () => this.#expression(type, caller, depth - 1);
    return `(${type}.${compare} ${sub()} ${sub()})`;
  }

  /** Of a later function, as a rule, so that most modules come to an end. */
  #call(type: Type, caller: number, depth: number): string {
    const { below, pick } = this.#chance;
    const anyone = below(15) === 0;
    const known = this.#callees.flatMap((callee, i) =>
      callee.result === type && (anyone || i > caller) ? [{ ...callee, i }] : [],
    );
    if (known.length === 0) return this.#constant(type);
    const { parameters, i } = pick(known);
    const given = parameters.map((one) => this.#expression(one, caller, depth - 1)).join(" ");
    if (below(3) > 0) return `(call $f${i} ${given})`;
    const signature = `${parameters.map((one) => `(param ${one})`).join(" ")} (result ${type})`;
    const wrong = this.#rarely() ? this.#expression("i32", caller, 1) : `(i32.const ${i})`;
    return `(call_indirect $t ${signature} ${given} ${wrong})`;
  }

  #constant(type: Type): string {
    const { below, pick } = this.#chance;
    if (type === "i32" || type === "i64")
      return `(${type}.const ${below(2) ? pick(INTEGERS) : below(2_000) - 1_000})`;
    return `(${type}.const ${below(2) ? pick(FLOATS) : (below(2_000) - 1_000) / 8})`;
  }
}
