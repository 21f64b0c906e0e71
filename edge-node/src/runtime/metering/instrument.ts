import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { MeterGlobals } from "./meter-emitter.ts";
import { ModuleError } from "./module-error.ts";
import { FUEL_PER_PAGE, moduleLimits } from "./module-limits.ts";
import {
  EXPORT_KIND,
  type ModuleOutline,
  type ModulePolicy,
  SECTION,
  signatureOf,
  signatureText,
} from "./module-outline.ts";
import { I32, I64 } from "./opcodes.ts";
import { readSections } from "./read-sections.ts";
import { rewriteFunction } from "./rewrite-function.ts";

export interface InstrumentedModule {
  /** Valid WebAssembly that counts its own fuel and stack. */
  readonly wasm: Uint8Array<ArrayBuffer>;
  /** What making one instance costs: memory, tables and the bytes that are copied into them. */
  readonly instanceFuel: bigint;
}

/**
 * Makes a program deterministic and bounded, or throws a ModuleError.
 *
 * 1. Read it by the allow-list and rewrite its functions: only what we know can pass.
 * 2. Let V8 validate the *original*. What passed step 1 is the common ground of all V8 versions, so
 *    they agree. After this no index in the original can reach what step 1 added behind it.
 * 3. Put it together: nothing is renumbered, all that is new stands behind all that was there.
 *    The start function is not run by instantiation but exported, so that it too has fuel.
 */
export function instrument(
  bytes: Uint8Array<ArrayBuffer>,
  policy: ModulePolicy,
): InstrumentedModule {
  if (bytes.length > moduleLimits.moduleBytes)
    throw new ModuleError(
      "MODULE_TOO_LARGE",
      `the module has ${bytes.length} bytes; ${moduleLimits.moduleBytes} are allowed`,
    );
  const outline = readSections(bytes, policy);
  checkExports(outline, policy);
  const globals = {
    fuel: outline.globals,
    stack: outline.globals + 1,
    reason: outline.globals + 2,
  };
  const blockTypes = new BlockTypes(outline.types.length);
  const code = rewriteBodies(outline, globals, blockTypes);
  if (!WebAssembly.validate(bytes))
    throw new ModuleError("MODULE_MALFORMED", "the module is not valid WebAssembly");
  return {
    wasm: assemble(outline, { globals, blockTypes, code }),
    instanceFuel: instanceFuelOf(outline),
  };
}

/** The names under which the host finds what was added. */
export const METER_EXPORT = {
  fuel: "meter:fuel",
  stack: "meter:stack",
  reason: "meter:reason",
  start: "meter:start",
} as const;

function checkExports(outline: ModuleOutline, policy: ModulePolicy): void {
  for (const [name, wanted] of Object.entries(policy.exports)) {
    const found = outline.exports.get(name);
    const actual =
      found?.kind === EXPORT_KIND.function
        ? signatureText(signatureOf(outline, found.index))
        : "no function";
    if (actual !== wanted)
      throw new ModuleError("ABI_MISMATCH", `export ${name} must be ${wanted}, but is ${actual}`);
  }
  const memory = policy.importedMemory === undefined ? outline.exports.get("memory") : null;
  if (memory !== null && memory?.kind !== EXPORT_KIND.memory)
    throw new ModuleError("ABI_MISMATCH", "the module must export its memory as `memory`");
  for (const name of Object.values(METER_EXPORT))
    if (outline.exports.has(name))
      throw new ModuleError("ABI_MISMATCH", `the export name ${name} is reserved`);
}

/** Types () → several results, made when a body needs one, behind the module's own types. */
class BlockTypes {
  readonly #first: number;
  readonly #types = new Map<string, { index: number; results: readonly number[] }>();

  constructor(first: number) {
    this.#first = first;
  }

  indexOf(results: readonly number[]): number {
    const key = results.join();
    const known = this.#types.get(key);
    if (known) return known.index;
    const index = this.#first + this.#types.size;
    this.#types.set(key, { index, results });
    return index;
  }

  write(out: ByteWriter): void {
    for (const { results } of this.#types.values()) {
      out.byte(0x60, 0x00);
      out.framed(Uint8Array.from(results));
    }
  }

  get size(): number {
    return this.#types.size;
  }
}

function rewriteBodies(
  outline: ModuleOutline,
  globals: MeterGlobals,
  blockTypes: BlockTypes,
): Uint8Array {
  const context = {
    outline,
    globals,
    typeOfBlock: (results: readonly number[]) => blockTypes.indexOf(results),
  };
  const code = new ByteWriter(1 << 16);
  code.u32(outline.bodies.length);
  outline.bodies.forEach((body, i) => {
    const signature = signatureOf(outline, outline.importedFunctions + i);
    code.framed(rewriteFunction(body, signature, context));
  });
  return code.written();
}

function assemble(
  outline: ModuleOutline,
  added: { globals: MeterGlobals; blockTypes: BlockTypes; code: Uint8Array },
): Uint8Array<ArrayBuffer> {
  const { globals, blockTypes, code } = added;
  const meterExports = [
    { name: METER_EXPORT.fuel, kind: EXPORT_KIND.global, index: globals.fuel },
    { name: METER_EXPORT.stack, kind: EXPORT_KIND.global, index: globals.stack },
    { name: METER_EXPORT.reason, kind: EXPORT_KIND.global, index: globals.reason },
    ...(outline.start === undefined
      ? []
      : [{ name: METER_EXPORT.start, kind: EXPORT_KIND.function, index: outline.start }]),
  ];
  const { sections } = outline;
  sections.delete(SECTION.start);
  extend(outline, SECTION.type, blockTypes.size, (out) => blockTypes.write(out));
  extend(outline, SECTION.global, 3, (out) => {
    out.byte(I64, 1, 0x42, 0, 0x0b); // mutable, i64.const 0
    for (let i = 0; i < 2; i++) out.byte(I32, 1, 0x41, 0, 0x0b);
  });
  extend(outline, SECTION.export, meterExports.length, (out) => {
    for (const { name, kind, index } of meterExports) {
      out.name(name);
      out.byte(kind);
      out.u32(index);
    }
  });
  if (sections.has(SECTION.code)) sections.set(SECTION.code, code);
  const module = new ByteWriter(2 * code.length + 4_096);
  module.byte(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  for (const id of ORDER) {
    const contents = sections.get(id);
    if (!contents) continue;
    module.byte(id);
    module.framed(contents);
  }
  return module.written();
}

/** The order that the spec demands: by number, but the data count stands before the code. */
const ORDER = [1, 2, 3, 4, 5, 6, 7, 9, SECTION.dataCount, SECTION.code, SECTION.data];

/** Puts `more` entries behind those of a section that is a counted list. */
function extend(
  outline: ModuleOutline,
  id: number,
  more: number,
  write: (out: ByteWriter) => void,
): void {
  if (more === 0) return;
  const reader = new ByteReader(outline.sections.get(id) ?? new Uint8Array([0]));
  const out = new ByteWriter(reader.bytes.length + 256);
  out.u32(reader.u32() + more);
  out.raw(reader.take(reader.bytes.length - reader.position));
  write(out);
  outline.sections.set(id, out.written());
}

/**
 * Measured like the instructions: an instance takes about 0.2 ms, a page has to be mapped, cleared
 * and given back, and each element of a table is a function that V8 makes a reference to.
 */
function instanceFuelOf(outline: ModuleOutline): bigint {
  const { memoryPages, tableSlots, tableElements, dataBytes } = outline;
  const tables = 8 * tableSlots + 256 * tableElements;
  return BigInt(250_000 + FUEL_PER_PAGE * memoryPages + tables + Math.ceil(dataBytes / 4));
}
