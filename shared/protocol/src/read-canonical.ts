import { BoundedMap, equalBytes, limits, toHex, wireBytes } from "@meshwork/foundation";
import { z } from "zod";
import type { CborReader } from "./cbor-reader.ts";

/** Takes one value from the bytes. Throws if what stands there is not one that the schema allows. */
export type Reading = (reader: CborReader) => unknown;
type ListCheck = z.core.$ZodCheck<unknown[]>;

/** What values of some schemas were read from: a copy, as a value may outlive the frame that it came in. */
const kept = new WeakMap<z.ZodType, WeakMap<object, Uint8Array>>();

/** From now on, reading keeps the bytes of the schema's values. */
export function keepBytes(schema: z.ZodType): WeakMap<object, Uint8Array> {
  const bytes = kept.get(schema) ?? new WeakMap<object, Uint8Array>();
  kept.set(schema, bytes);
  return bytes;
}

/** Those of a schema; undefined where none are kept. */
export const bytesKeptOf = (schema: z.ZodType): WeakMap<object, Uint8Array> | undefined =>
  kept.get(schema);

/** Values of some schemas as they were read last, by the end of their bytes. */
const recent = new WeakMap<z.ZodType, BoundedMap<string, object>>();

/** From now on, the same bytes are read as the same value for as long as it is remembered. Needs `keepBytes`. */
export function rememberValues(schema: z.ZodType): void {
  recent.set(schema, new BoundedMap(limits.rememberedValues));
}

/**
 * Reads a schema once, so that values are made and checked in one pass over their bytes. Forms are
 * checked here; what a schema says beyond that of a plain value or a list, zod checks itself.
 * @param place of the value in the whole, for refusals
 */
export function compileReading(schema: z.ZodType, place = "value"): Reading {
  const raw = wireBytes.get(schema);
  if (raw !== undefined) return (reader) => toHex(reader.rawBytes(raw.length));
  const def = schema._zod.def as z.core.$ZodTypes["_zod"]["def"];
  switch (def.type) {
    case "object":
      return readKnown(schema, readObject(unchecked(schema as z.ZodObject, place), place));
    case "array":
      return readArray(schema as z.ZodArray<z.ZodType>, place);
    case "nullable": {
      const read = compileReading(def.innerType as z.ZodType, place);
      return (reader) => (reader.takesNull() ? null : read(reader));
    }
    case "union":
      return readUnion(unchecked(schema as z.ZodUnion<z.ZodObject[]>, place), place);
    case "bigint":
      return (reader) => {
        const value = reader.scalar();
        return checked(schema, typeof value === "number" ? BigInt(value) : value, place);
      };
    default:
      return (reader) => checked(schema, reader.scalar(), place);
  }
}

function readObject(schema: z.ZodObject, place: string): Reading {
  const fields = Object.entries(schema.shape).map(([key, field]) => ({
    key,
    read: compileReading(field as z.ZodType, `${place}.${key}`),
  }));
  const bytes = kept.get(schema);
  const names = fields.map(({ key }) => key).join(", ");
  return (reader) => {
    const begin = reader.position;
    if (reader.arrayLength() !== fields.length)
      throw new TypeError(`${place}: expected the values of ${names}`);
    const value: Record<string, unknown> = {};
    for (const { key, read } of fields) value[key] = read(reader);
    bytes?.set(value, reader.since(begin));
    return value;
  };
}

/** What was read before, byte for byte, is not read again; another end of the bytes is another value. */
function readKnown(schema: z.ZodType, read: Reading): Reading {
  const [known, bytes] = [recent.get(schema), kept.get(schema)];
  if (known === undefined || bytes === undefined) return read;
  return (reader) => {
    const item = reader.itemAhead();
    if (item === null || item.length > limits.rememberedValueBytes) return read(reader);
    const name = String.fromCharCode(...item.subarray(-NAME_BYTES));
    const found = known.get(name);
    const before = found && bytes.get(found);
    if (before && equalBytes(before, item)) {
      reader.pass(item);
      return found;
    }
    const value = read(reader) as object;
    known.set(name, value);
    return value;
  };
}
const NAME_BYTES = 32;

function readArray(schema: z.ZodArray<z.ZodType>, place: string): Reading {
  const read = compileReading(schema.element, `${place}[]`);
  // The same bounds, for elements that are checked already.
  const bounds = z.array(z.unknown()).check(...((schema._zod.def.checks ?? []) as ListCheck[]));
  return (reader) => {
    const values: unknown[] = [];
    for (let left = reader.arrayLength(); left > 0; left--) values.push(read(reader));
    return checked(bounds, values, place);
  };
}

/** The kind comes first, so that it is known how to read the rest. */
function readUnion({ options }: z.ZodUnion<z.ZodObject[]>, place: string): Reading {
  const members = new Map<unknown, Reading>();
  for (const option of options) {
    const { kind } = option.shape as { kind: z.ZodLiteral };
    if (Object.keys(option.shape)[0] !== "kind")
      throw new TypeError(`${place}: the members of a union begin with their kind`);
    members.set(kind.value, compileReading(option, `${place}.${kind.value}`));
  }
  const kindOf: Reading = (reader) => (reader.arrayLength() > 0 ? reader.scalar() : undefined);
  return (reader) => {
    const read = members.get(reader.peek(kindOf));
    if (read === undefined) throw new TypeError(`${place}: no member of the union has this kind`);
    return read(reader);
  };
}

function checked(schema: z.ZodType, value: unknown, place: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return value;
  throw new TypeError(`${place}: ${result.error.issues.map(({ message }) => message).join(", ")}`);
}

/** A rule over several values belongs into code: here nothing would ask it. */
function unchecked<S extends z.ZodType>(schema: S, place: string): S {
  if ((schema._zod.def.checks ?? []).length === 0) return schema;
  throw new TypeError(`${place}: objects and unions have no checks of their own on the wire`);
}
