import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { ModuleError } from "./module-error.ts";
import { moduleLimits } from "./module-limits.ts";
import {
  cappedLimits,
  emptyOutline,
  type ModuleOutline,
  type ModulePolicy,
  memoryIndex,
  referenceType,
  SECTION,
  signatureText,
  skipConstant,
  typeAt,
  valueType,
} from "./module-outline.ts";

/**
 * Reads a module by the allow-list: every section, type, flag and constant in it is one that we
 * know. So a proposal that a newer V8 would accept and an older one would not is refused by both.
 * Whether the module is valid beyond that is V8's to say (`instrument.ts`).
 */
export function readSections(bytes: Uint8Array, policy: ModulePolicy): ModuleOutline {
  const outline = emptyOutline();
  const reader = new ByteReader(bytes);
  if (!HEADER.every((byte) => reader.peek() === byte && reader.byte() === byte))
    throw new ModuleError("MODULE_MALFORMED", "this is not a core WebAssembly 1.0 binary");
  while (!reader.done) {
    const id = reader.byte();
    const contents = reader.take(reader.u32());
    if (id === SECTION.custom) continue; // Names and hints: nothing that a run may depend on.
    if (outline.sections.has(id))
      throw new ModuleError("MODULE_MALFORMED", `section ${id} occurs twice`);
    outline.sections.set(id, contents);
    const read = READERS[id];
    if (!read) throw new ModuleError("FEATURE_DENIED", `section ${id} is not allowed`);
    read(new ByteReader(contents), outline, policy);
  }
  return outline;
}

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

type SectionReader = (reader: ByteReader, outline: ModuleOutline, policy: ModulePolicy) => void;

const READERS: Readonly<Record<number, SectionReader>> = {
  [SECTION.type]: readTypes,
  [SECTION.import]: readImports,
  [SECTION.function]: readFunctions,
  [SECTION.table]: readTables,
  [SECTION.memory]: readMemory,
  [SECTION.global]: readGlobals,
  [SECTION.export]: readExports,
  [SECTION.start]: (reader, outline) => {
    outline.start = reader.u32();
  },
  [SECTION.element]: readElements,
  [SECTION.code]: readBodies,
  [SECTION.data]: readData,
  [SECTION.dataCount]: () => {},
};

function readTypes(reader: ByteReader, outline: ModuleOutline): void {
  const types = (most: number, what: string) =>
    Array.from(reader.take(reader.count(most, what)), valueType);
  for (let left = reader.count(moduleLimits.types, "types"); left > 0; left--) {
    if (reader.byte() !== 0x60)
      throw new ModuleError("FEATURE_DENIED", "only plain function types are allowed");
    outline.types.push({
      parameters: types(moduleLimits.parameters, "parameters"),
      results: types(moduleLimits.results, "results"),
    });
  }
}

function readImports(reader: ByteReader, outline: ModuleOutline, policy: ModulePolicy): void {
  for (let left = reader.count(moduleLimits.imports, "imports"); left > 0; left--) {
    const name = `${reader.name()}.${reader.name()}`;
    const kind = reader.byte();
    if (kind === 2 && name === policy.importedMemory) {
      cappedLimits(reader, policy.memoryPages);
      continue;
    }
    if (kind !== 0) throw new ModuleError("IMPORT_DENIED", `${name} is not a function`);
    const type = reader.u32();
    const wanted = signatureText(typeAt(outline, type));
    const offered = Object.hasOwn(policy.imports, name) ? policy.imports[name] : undefined;
    if (offered !== wanted)
      throw new ModuleError(
        "IMPORT_DENIED",
        offered === undefined
          ? `nothing named ${name.slice(0, 80)} can be imported`
          : `${name} has the signature ${offered}, not ${wanted}`,
      );
    outline.functionTypes.push(type);
    outline.importedFunctions++;
  }
}

function readFunctions(reader: ByteReader, outline: ModuleOutline): void {
  for (let left = reader.count(moduleLimits.functions, "functions"); left > 0; left--)
    outline.functionTypes.push(reader.u32());
}

function readTables(reader: ByteReader, outline: ModuleOutline): void {
  const capped = new ByteWriter();
  const tables = reader.count(moduleLimits.tables, "tables");
  capped.u32(tables);
  for (let left = tables; left > 0; left--) {
    const type = reader.byte();
    referenceType(type);
    const { minimum, maximum } = cappedLimits(reader, moduleLimits.tableElements);
    if (minimum > moduleLimits.tableElements)
      throw new ModuleError("MODULE_LIMIT", `a table of ${minimum} elements is too large`);
    outline.tableSlots += minimum;
    writeLimits(capped, { type, minimum, maximum });
  }
  outline.sections.set(SECTION.table, capped.written());
}

function readMemory(reader: ByteReader, outline: ModuleOutline, policy: ModulePolicy): void {
  const memories = reader.u32();
  if (memories > 1) throw new ModuleError("FEATURE_DENIED", "only one memory is allowed");
  if (memories === 0) return;
  const { minimum, maximum } = cappedLimits(reader, policy.memoryPages);
  if (minimum > policy.memoryPages)
    throw new ModuleError(
      "MEMORY_LIMIT",
      `the module asks for ${minimum} pages of memory, and the contract grants ${policy.memoryPages}`,
    );
  outline.memoryPages = minimum;
  outline.memoryMaximum = maximum;
  const capped = new ByteWriter();
  capped.u32(1);
  writeLimits(capped, { minimum, maximum });
  outline.sections.set(SECTION.memory, capped.written());
}

function writeLimits(
  writer: ByteWriter,
  { type, minimum, maximum }: { type?: number; minimum: number; maximum: number },
): void {
  if (type !== undefined) writer.byte(type);
  writer.byte(1);
  writer.u32(minimum);
  writer.u32(maximum);
}

function readGlobals(reader: ByteReader, outline: ModuleOutline): void {
  outline.globals = reader.count(moduleLimits.globals, "globals");
  for (let left = outline.globals; left > 0; left--) {
    valueType(reader.byte());
    if (reader.byte() > 1)
      throw new ModuleError("FEATURE_DENIED", "shared globals are not allowed");
    skipConstant(reader);
  }
}

function readExports(reader: ByteReader, outline: ModuleOutline): void {
  for (let left = reader.count(moduleLimits.exports, "exports"); left > 0; left--)
    outline.exports.set(reader.name(), { kind: reader.byte(), index: reader.u32() });
}

/** The eight forms of an element segment are three flags: passive, explicit, by expressions. */
function readElements(reader: ByteReader, outline: ModuleOutline): void {
  for (let left = reader.count(moduleLimits.segments, "element segments"); left > 0; left--) {
    const flags = reader.u32();
    if (flags > 7) throw new ModuleError("FEATURE_DENIED", `element flags ${flags} are unknown`);
    const active = (flags & 1) === 0;
    const byExpression = (flags & 4) !== 0;
    if (active && (flags & 2) !== 0) reader.u32();
    if (active) skipConstant(reader);
    if ((flags & 3) !== 0) {
      if (byExpression) referenceType(reader.byte());
      else if (reader.byte() !== 0)
        throw new ModuleError("FEATURE_DENIED", "only elements that are functions are allowed");
    }
    const elements = reader.count(moduleLimits.tableElements, "elements in one segment");
    for (let i = 0; i < elements; i++) {
      if (byExpression) skipConstant(reader);
      else reader.u32();
    }
    outline.tableElements += elements;
  }
}

function readBodies(reader: ByteReader, outline: ModuleOutline): void {
  const bodies = reader.u32();
  if (bodies !== outline.functionTypes.length - outline.importedFunctions)
    throw new ModuleError("MODULE_MALFORMED", "there are not as many bodies as functions");
  for (let left = bodies; left > 0; left--)
    outline.bodies.push(reader.take(reader.count(moduleLimits.bodyBytes, "bytes of one function")));
}

function readData(reader: ByteReader, outline: ModuleOutline): void {
  for (let left = reader.count(moduleLimits.segments, "data segments"); left > 0; left--) {
    const flags = reader.u32();
    if (flags > 2) throw new ModuleError("FEATURE_DENIED", `data flags ${flags} are unknown`);
    if (flags === 2) memoryIndex(reader);
    if (flags !== 1) skipConstant(reader);
    const length = reader.u32();
    reader.take(length);
    outline.dataBytes += length;
  }
}
