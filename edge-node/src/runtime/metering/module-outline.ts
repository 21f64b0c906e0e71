import type { ByteReader } from "./byte-reader.ts";
import { ModuleError } from "./module-error.ts";
import { F32, F64, FUNCREF, I32, I64 } from "./opcodes.ts";

/** What a module may import, must export and may use; set by the runtime, not by the program. */
export interface ModulePolicy {
  /** The host functions on offer, each with its signature: `"task.input_size"` → `"i:i"`. */
  readonly imports: Readonly<Record<string, string>>;
  /** Functions that the runtime will call, each with its signature. */
  readonly exports: Readonly<Record<string, string>>;
  readonly memoryPages: number;
  /** For an engine of our own, whose memory the host makes and caps: `"a.a"`. */
  readonly importedMemory?: string;
}

export interface Signature {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

export const EXPORT_KIND = { function: 0, memory: 2, global: 3 } as const;

/** What the sections say that metering needs; filled by `read-sections.ts`. */
export interface ModuleOutline {
  readonly types: Signature[];
  /** The type of every function, imported ones first. */
  readonly functionTypes: number[];
  importedFunctions: number;
  globals: number;
  readonly exports: Map<string, { kind: number; index: number }>;
  start: number | undefined;
  readonly bodies: Uint8Array[];
  /** What an instance costs to make: pages, table entries, bytes and entries to copy. */
  memoryPages: number;
  /** How far the memory may grow, the module's own maximum considered. */
  memoryMaximum: number;
  tableSlots: number;
  tableElements: number;
  dataBytes: number;
  /** Contents by section id, rewritten where a cap had to be set. */
  readonly sections: Map<number, Uint8Array>;
}

export const emptyOutline = (): ModuleOutline => ({
  types: [],
  functionTypes: [],
  importedFunctions: 0,
  globals: 0,
  exports: new Map(),
  start: undefined,
  bodies: [],
  memoryPages: 0,
  memoryMaximum: 0,
  tableSlots: 0,
  tableElements: 0,
  dataBytes: 0,
  sections: new Map(),
});

const LETTERS = new Map([
  [I32, "i"],
  [I64, "I"],
  [F32, "f"],
  [F64, "F"],
  [FUNCREF, "r"],
]);

/** `iI:f` for a function from i32 and i64 to f32. */
export function signatureText({ parameters, results }: Signature): string {
  const letters = (types: readonly number[]) =>
    types.map((type) => LETTERS.get(type) ?? "?").join("");
  return `${letters(parameters)}:${letters(results)}`;
}

export function signatureOf(outline: ModuleOutline, functionIndex: number): Signature {
  return typeAt(outline, outline.functionTypes[functionIndex]);
}

export function typeAt(outline: ModuleOutline, index: number | undefined): Signature {
  const signature = index === undefined ? undefined : outline.types[index];
  if (!signature) throw new ModuleError("MODULE_MALFORMED", "there is no such function or type");
  return signature;
}

export function valueType(byte: number): number {
  if (LETTERS.has(byte)) return byte;
  throw new ModuleError("FEATURE_DENIED", `the type 0x${byte.toString(16)} is not allowed`);
}

export function referenceType(byte: number): void {
  if (byte !== FUNCREF)
    throw new ModuleError("FEATURE_DENIED", "only tables and references of functions are allowed");
}

/** There is one memory; an index to another belongs to a proposal. */
export function memoryIndex(reader: ByteReader): void {
  if (reader.u32() !== 0) throw new ModuleError("FEATURE_DENIED", "only one memory is allowed");
}

/** Minimum and maximum of a memory or table, the maximum cut down to `cap`. */
export function cappedLimits(
  reader: ByteReader,
  cap: number,
): { minimum: number; maximum: number } {
  const flags = reader.byte();
  if (flags > 1)
    throw new ModuleError("FEATURE_DENIED", "shared, 64-bit and custom-page memory is not allowed");
  const minimum = reader.u32();
  const declared = flags === 1 ? reader.u32() : cap;
  return { minimum, maximum: Math.max(minimum, Math.min(declared, cap)) };
}

/** One constant instruction and `end`: longer ones belong to a proposal. Carried over as it is. */
export function skipConstant(reader: ByteReader): void {
  const opcode = reader.byte();
  if (opcode === 0x41 || opcode === 0x42) reader.skipSigned();
  else if (opcode === 0x43) reader.take(4);
  else if (opcode === 0x44) reader.take(8);
  else if (opcode === 0x23 || opcode === 0xd2) reader.u32();
  else if (opcode === 0xd0) referenceType(reader.byte());
  else throw notConstant();
  if (reader.byte() !== 0x0b) throw notConstant();
}

const notConstant = () =>
  new ModuleError("FEATURE_DENIED", "a constant expression is one constant instruction");
