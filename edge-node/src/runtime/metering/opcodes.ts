/**
 * Every instruction that a program may use, with all that metering must know of it. What is not in
 * this table is refused: it is MVP, sign extension, saturating conversion, bulk memory and the few
 * reference instructions that compilers emit. No SIMD, threads, exceptions, GC or tail calls.
 *
 * Fuel follows measured time, within a factor of ten (`npm run bench -- metering`): an instruction for which V8 leaves the
 * compiled code (growing, filling, anything with tables) costs hundreds of times an addition.
 */

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const FUNCREF = 0x70;

/** What follows the opcode. Special ones are read by `rewrite-function.ts` itself. */
export type Immediate =
  | "none"
  | "index"
  | "memory"
  | "memoryArgument"
  | "signed"
  | "float32"
  | "float64"
  | "heapType"
  | "special";

export interface Opcode {
  readonly immediate: Immediate;
  /** Operands taken and given, for the height of the stack. Control flow counts its own. */
  readonly pops: number;
  readonly pushes: number;
  readonly fuel: number;
  /** The float type of a result whose NaN bits the hardware chooses. */
  readonly makesNan?: typeof F32 | typeof F64;
  /** Takes the top of the stack in a way that no NaN's bits can show through. */
  readonly ignoresNanBits?: boolean;
}

type Row = readonly [first: number, last: number, opcode: Opcode];

const plain = (pops: number, pushes: number, fuel = 1): Opcode => ({
  immediate: "none",
  pops,
  pushes,
  fuel,
});
const unary = plain(1, 1);
const binary = plain(2, 1);
/** Division and square root: several times the latency of the others. */
const slowBinary = plain(2, 1, 8);
const compareFloats: Opcode = { ...binary, ignoresNanBits: true };
const truncate: Opcode = { ...unary, ignoresNanBits: true };
const arithmetic = (of: Opcode, type: typeof F32 | typeof F64): Opcode => ({
  ...of,
  makesNan: type,
  ignoresNanBits: true,
});
const index = (pops: number, pushes: number, fuel = 1): Opcode => ({
  immediate: "index",
  pops,
  pushes,
  fuel,
});
const special = (fuel: number, pops = 0, pushes = 0): Opcode => ({
  immediate: "special",
  pops,
  pushes,
  fuel,
});
const load: Opcode = { immediate: "memoryArgument", pops: 1, pushes: 1, fuel: 2 };
const store: Opcode = { immediate: "memoryArgument", pops: 2, pushes: 0, fuel: 2 };

/** One float type's arithmetic, which stands in the same order for both: ceil … sqrt, add … max. */
const floats = (ceil: number, type: typeof F32 | typeof F64): Row[] => [
  [ceil, ceil + 3, arithmetic(unary, type)],
  [ceil + 4, ceil + 4, arithmetic(plain(1, 1, 8), type)],
  [ceil + 5, ceil + 7, arithmetic(binary, type)],
  [ceil + 8, ceil + 8, arithmetic(slowBinary, type)],
  [ceil + 9, ceil + 10, arithmetic(binary, type)],
];

const control: Row[] = [
  [0x00, 0x00, special(1)], // unreachable
  [0x01, 0x01, plain(0, 0, 0)], // nop
  [0x02, 0x03, special(0)], // block, loop
  [0x04, 0x04, special(1)], // if
  [0x05, 0x05, special(0)], // else
  [0x0b, 0x0b, special(0)], // end
  [0x0c, 0x0d, special(1)], // br, br_if
  [0x0e, 0x0e, special(3)], // br_table
  [0x0f, 0x0f, special(1)], // return
  [0x10, 0x11, special(8)], // call, call_indirect
  [0x1a, 0x1a, plain(1, 0)], // drop
  [0x1b, 0x1b, plain(3, 1)], // select
  [0x1c, 0x1c, special(1, 3, 1)], // select with a type
];

const data: Row[] = [
  [0x20, 0x20, index(0, 1)], // local.get
  [0x21, 0x21, index(1, 0)], // local.set
  [0x22, 0x22, index(1, 1)], // local.tee
  [0x23, 0x23, index(0, 1)], // global.get
  [0x24, 0x24, index(1, 0)], // global.set
  [0x25, 0x25, index(1, 1, 16)], // table.get
  [0x26, 0x26, index(2, 0, 250)], // table.set
  [0x28, 0x35, load],
  [0x36, 0x3e, store],
  [0x3f, 0x3f, { immediate: "memory", pops: 0, pushes: 1, fuel: 1 }], // memory.size
  [0x40, 0x40, special(1_000, 1, 1)], // memory.grow
  [0x41, 0x42, { immediate: "signed", pops: 0, pushes: 1, fuel: 1 }], // i32.const, i64.const
  [0x43, 0x43, { immediate: "float32", pops: 0, pushes: 1, fuel: 1 }],
  [0x44, 0x44, { immediate: "float64", pops: 0, pushes: 1, fuel: 1 }],
  [0xd0, 0xd0, { immediate: "heapType", pops: 0, pushes: 1, fuel: 1 }], // ref.null
  [0xd1, 0xd1, unary], // ref.is_null
  [0xd2, 0xd2, index(0, 1, 16)], // ref.func
];

const numbers: Row[] = [
  [0x45, 0x45, unary], // i32.eqz
  [0x46, 0x4f, binary],
  [0x50, 0x50, unary], // i64.eqz
  [0x51, 0x5a, binary],
  [0x5b, 0x66, compareFloats],
  [0x67, 0x69, unary], // i32 clz, ctz, popcnt
  [0x6a, 0x6c, binary],
  [0x6d, 0x70, slowBinary], // i32 division and remainder
  [0x71, 0x78, binary],
  [0x79, 0x7b, unary], // i64 clz, ctz, popcnt
  [0x7c, 0x7e, binary],
  [0x7f, 0x82, slowBinary], // i64 division and remainder
  [0x83, 0x8a, binary],
  [0x8b, 0x8c, unary], // f32 abs, neg: they move the sign bit and nothing else
  ...floats(0x8d, F32),
  [0x98, 0x98, binary], // f32.copysign
  [0x99, 0x9a, unary], // f64 abs, neg
  ...floats(0x9b, F64),
  [0xa6, 0xa6, binary], // f64.copysign
  [0xa7, 0xa7, unary], // i32.wrap
  [0xa8, 0xab, truncate],
  [0xac, 0xad, unary],
  [0xae, 0xb1, truncate],
  [0xb2, 0xb5, unary],
  [0xb6, 0xb6, arithmetic(unary, F32)], // f32.demote
  [0xb7, 0xba, unary],
  [0xbb, 0xbb, arithmetic(unary, F64)], // f64.promote
  [0xbc, 0xbf, unary], // reinterpretations
  [0xc0, 0xc4, unary], // sign extension
];

/** After the prefix 0xfc. */
const prefixed: Row[] = [
  [0, 7, truncate], // saturating truncation
  [8, 8, special(60, 3, 0)], // memory.init
  [9, 9, index(0, 0)], // data.drop
  [10, 10, special(30, 3, 0)], // memory.copy
  [11, 11, special(250, 3, 0)], // memory.fill
  [12, 12, special(250, 3, 0)], // table.init
  [13, 13, index(0, 0)], // elem.drop
  [14, 14, special(100, 3, 0)], // table.copy
];

const tableOf = (rows: readonly Row[], size: number): readonly (Opcode | undefined)[] => {
  const table: (Opcode | undefined)[] = new Array(size).fill(undefined);
  for (const [first, last, opcode] of rows) table.fill(opcode, first, last + 1);
  return table;
};

export const BULK_PREFIX = 0xfc;
export const opcodes = tableOf([...control, ...data, ...numbers], 256);
export const bulkOpcodes = tableOf(prefixed, 15);
