import { assert, CodedError, equalBytes, fromHex, toHex, wireBytes } from "@meshwork/foundation";
import { decode as decodeCbor, encode as encodeCbor } from "cborg";
import type { z } from "zod";

/**
 * One zod object is schema, type and bytes. On the wire an object is the CBOR array of its values in
 * key order, hex ids are raw bytes, and everything else is itself. Decoding reads, checks, encodes
 * again and compares: so one value has one encoding, and a signature covers what was parsed.
 */
export interface Wire<S extends z.ZodType> {
  readonly schema: S;
  encode(value: z.infer<S>): Uint8Array<ArrayBuffer>;
  /** Throws `WireError` unless `bytes` are the one canonical encoding of a valid value. */
  decode(bytes: Uint8Array): z.infer<S>;
  /** The same value for files that people read: big integers as decimal text, raw bytes as hex. */
  toJson(value: z.infer<S>): string;
  /** Throws `WireError` unless `text` holds a valid value. */
  fromJson(text: string): z.infer<S>;
}

export class WireError extends CodedError<
  "WIRE_MALFORMED" | "WIRE_NOT_CANONICAL" | "WIRE_TOO_LARGE"
> {}

/** @param options.maxBytes refuses larger input before it is read. */
export function wire<S extends z.ZodType>(
  schema: S,
  options: { name: string; maxBytes: number },
): Wire<S> {
  type T = z.infer<S>;
  const encode = (value: T) => encodeCbor(pack(schema, value)) as Uint8Array<ArrayBuffer>;

  const check = (read: () => unknown): T => {
    try {
      return schema.parse(read()) as T;
    } catch (cause) {
      throw new WireError(
        "WIRE_MALFORMED",
        `this is not a valid ${options.name}: ${brief(cause)}`,
        { cause },
      );
    }
  };

  return {
    schema,
    encode,
    decode(bytes) {
      if (bytes.length > options.maxBytes) throw tooLarge(options, bytes.length);
      const value = check(() =>
        unpack(
          schema,
          decodeCbor(bytes, { strict: true, allowUndefined: false, rejectDuplicateMapKeys: true }),
        ),
      );
      if (!equalBytes(encode(value), bytes)) {
        throw new WireError(
          "WIRE_NOT_CANONICAL",
          `this ${options.name} is not in its canonical encoding: encode it again from its value`,
        );
      }
      return value;
    },
    toJson: (value) => JSON.stringify(toPlain(schema, value), null, 2),
    fromJson(text) {
      if (text.length > 4 * options.maxBytes) throw tooLarge(options, text.length);
      return check(() => fromPlain(schema, JSON.parse(text)));
    },
  };
}

function tooLarge(options: { name: string; maxBytes: number }, size: number): WireError {
  return new WireError(
    "WIRE_TOO_LARGE",
    `a ${options.name} of ${size} bytes exceeds the limit of ${options.maxBytes}`,
  );
}

function brief(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replaceAll(/\s+/g, " ").slice(0, 300);
}

/** What turns one leaf value into another form; objects, arrays and unions are walked above it. */
interface Leaves {
  bytes(value: unknown, length: number): unknown;
  other(kind: string, value: unknown): unknown;
  /** Whether an object is a positional array in this direction's input, output, or neither. */
  object(
    schema: z.ZodObject,
    value: unknown,
    walk: (schema: z.ZodType, value: unknown) => unknown,
  ): unknown;
  tag(schema: z.ZodObject, value: unknown): unknown;
}

const keysOf = (schema: z.ZodObject): string[] => Object.keys(schema.shape);

const packLeaves: Leaves = {
  bytes: (value) => fromHex(value as string),
  other: (_kind, value) => {
    assert(typeof value !== "number" || Number.isSafeInteger(value), "no floats on the wire");
    return value;
  },
  object: (schema, value, walk) =>
    keysOf(schema).map((key) =>
      walk(schema.shape[key] as z.ZodType, (value as Record<string, unknown>)[key]),
    ),
  tag: (_schema, value) => (value as { kind: unknown }).kind,
};

const unpackLeaves: Leaves = {
  bytes: (value, length) => {
    if (!(value instanceof Uint8Array) || value.length !== length)
      throw new TypeError(`expected ${length} raw bytes`);
    return toHex(value);
  },
  other: (kind, value) => (kind === "bigint" && typeof value === "number" ? BigInt(value) : value),
  object: (schema, value, walk) => {
    const keys = keysOf(schema);
    if (!Array.isArray(value) || value.length !== keys.length)
      throw new TypeError(`expected ${keys.length} values: ${keys.join(", ")}`);
    return Object.fromEntries(
      keys.map((key, i) => [key, walk(schema.shape[key] as z.ZodType, value[i])]),
    );
  },
  tag: (schema, value) =>
    Array.isArray(value) ? value[keysOf(schema).indexOf("kind")] : undefined,
};

const walkNamed: Leaves["object"] = (schema, value, walk) => {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError("expected an object");
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const field = schema.shape[key];
      if (field === undefined) throw new TypeError(`unknown key ${key}`);
      return [key, walk(field as z.ZodType, inner)];
    }),
  );
};

const toPlainLeaves: Leaves = {
  bytes: (value) => value,
  other: (_kind, value) =>
    typeof value === "bigint" ? String(value) : value instanceof Uint8Array ? toHex(value) : value,
  object: walkNamed,
  tag: packLeaves.tag,
};

const fromPlainLeaves: Leaves = {
  bytes: (value) => value,
  other: (kind, value) => {
    if (kind === "bigint")
      return typeof value === "string" && /^\d{1,20}$/.test(value) ? BigInt(value) : value;
    return kind === "custom" && typeof value === "string" ? fromHex(value) : value;
  },
  object: walkNamed,
  tag: (_schema, value) => (value as { kind?: unknown } | null)?.kind,
};

const pack = (schema: z.ZodType, value: unknown) => walk(packLeaves, schema, value);
const unpack = (schema: z.ZodType, value: unknown) => walk(unpackLeaves, schema, value);
const toPlain = (schema: z.ZodType, value: unknown) => walk(toPlainLeaves, schema, value);
const fromPlain = (schema: z.ZodType, value: unknown) => walk(fromPlainLeaves, schema, value);

function walk(leaves: Leaves, schema: z.ZodType, value: unknown): unknown {
  const raw = wireBytes.get(schema);
  if (raw !== undefined) return leaves.bytes(value, raw.length);
  const def = schema._zod.def as z.core.$ZodTypes["_zod"]["def"];
  const inner = (next: unknown, nextValue: unknown) => walk(leaves, next as z.ZodType, nextValue);
  switch (def.type) {
    case "object":
      return leaves.object(schema as z.ZodObject, value, inner);
    case "array":
      if (!Array.isArray(value)) throw new TypeError("expected an array");
      return value.map((item) => inner(def.element, item));
    case "nullable":
      return value === null ? null : inner(def.innerType, value);
    case "union":
      return inner(optionFor(leaves, def.options as unknown as z.ZodObject[], value), value);
    case "custom": // Raw bytes: `rawBytes` below.
    case "bigint":
    case "number":
    case "string":
    case "boolean":
    case "literal":
    case "enum":
      return leaves.other(def.type, value);
    default:
      throw new TypeError(
        `${def.type} has no wire form: use objects, arrays, unions on kind, nullable, and plain values`,
      );
  }
}

function optionFor(leaves: Leaves, options: z.ZodObject[], value: unknown): z.ZodObject {
  const found = options.find(
    (option) => (option.shape.kind as z.ZodLiteral).value === leaves.tag(option, value),
  );
  if (found === undefined) throw new TypeError("no member of the union has this kind");
  return found;
}
