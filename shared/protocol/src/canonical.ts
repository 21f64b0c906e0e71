import { assert, CodedError, fromHex, toHex, wireBytes } from "@meshwork/foundation";
import type { z } from "zod";
import { CborReader, NotCanonicalError } from "./cbor-reader.ts";
import { Encoded, type Item, writeCbor } from "./cbor-writer.ts";
import { bytesKeptOf, compileReading, keepBytes, rememberValues } from "./read-canonical.ts";

/**
 * One zod object is schema, type and bytes. On the wire an object is the CBOR array of its values in
 * key order, hex ids are raw bytes, and everything else is itself. Decoding takes the shortest forms
 * alone: so one value has one encoding, and a signature covers what was parsed.
 */
export interface Wire<S extends z.ZodType> {
  readonly schema: S;
  encode(value: z.infer<S>): Uint8Array<ArrayBuffer>;
  /** The same bytes, made once for a value and nobody's to change. */
  bytesOf(value: z.infer<S> & object): Uint8Array;
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

interface WireOptions {
  name: string;
  /** Larger input is refused before it is read. */
  maxBytes: number;
  /** A value that was read, alone or within another, has its `bytesOf` from there, and is written so. @default false */
  keepsBytes?: boolean;
  /** The same bytes read again are the same value, if it is small and was seen lately. With `keepsBytes`. @default false */
  remembers?: boolean;
}

export function wire<S extends z.ZodType>(schema: S, options: WireOptions): Wire<S> {
  type T = z.infer<S>;
  const known = options.keepsBytes ? keepBytes(schema) : new WeakMap<object, Uint8Array>();
  if (options.remembers) rememberValues(schema);
  const steps = {
    pack: compile(packing, schema),
    read: compileReading(schema),
    toPlain: compile(toPlain, schema),
    fromPlain: compile(fromPlain, schema),
  };
  const encode = (value: T) => writeCbor(steps.pack(value) as Item);

  const check = (read: () => unknown): T => {
    try {
      return read() as T;
    } catch (cause) {
      throw cause instanceof NotCanonicalError
        ? new WireError(
            "WIRE_NOT_CANONICAL",
            `this ${options.name} is not in its canonical encoding: ${brief(cause)}`,
            { cause },
          )
        : new WireError("WIRE_MALFORMED", `this is not a valid ${options.name}: ${brief(cause)}`, {
            cause,
          });
    }
  };

  return {
    schema,
    encode,
    bytesOf(value) {
      const bytes = known.get(value) ?? encode(value);
      known.set(value, bytes);
      return bytes;
    },
    decode(bytes) {
      if (bytes.length > options.maxBytes) throw tooLarge(options, bytes.length);
      return check(() => {
        const reader = new CborReader(bytes);
        const value = steps.read(reader);
        reader.end();
        return value;
      });
    },
    toJson: (value) => JSON.stringify(steps.toPlain(value), null, 2),
    fromJson(text) {
      if (text.length > 4 * options.maxBytes) throw tooLarge(options, text.length);
      return check(() => schema.parse(steps.fromPlain(JSON.parse(text))));
    },
  };
}

function tooLarge(options: WireOptions, size: number): WireError {
  return new WireError(
    "WIRE_TOO_LARGE",
    `a ${options.name} of ${size} bytes exceeds the limit of ${options.maxBytes}`,
  );
}

function brief(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.replaceAll(/\s+/g, " ").slice(0, 300);
}

/** Turns one value into its other form. */
type Step = (value: unknown) => unknown;
/** The fields of an object in key order, each with what turns its value. */
type Fields = readonly (readonly [key: string, step: Step])[];

/** How one direction treats what the schema's types are made of. */
interface Direction {
  bytes(value: unknown, length: number): unknown;
  other(kind: string, value: unknown): unknown;
  object(fields: Fields, value: unknown): unknown;
  /** Another way than `step` for a schema's values. @default none */
  shortcut?(schema: z.ZodObject, step: Step): Step;
}

const kindOf = (value: unknown): unknown => (value as { kind?: unknown } | null)?.kind;

const packing: Direction = {
  bytes: (value) => fromHex(value as string),
  other(_kind, value) {
    assert(typeof value !== "number" || Number.isSafeInteger(value), "no floats on the wire");
    return value;
  },
  object: (fields, value) =>
    fields.map(([key, step]) => step((value as Record<string, unknown>)[key])),
  // A transaction is written into blocks, logs and frames, again and again: its bytes are copied.
  shortcut(schema, step) {
    const kept = bytesKeptOf(schema);
    if (kept === undefined) return step;
    return (value) => {
      const bytes = kept.get(value as object);
      return bytes === undefined ? step(value) : new Encoded(bytes);
    };
  },
};

function named(fields: Fields, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new TypeError("expected an object");
  const steps = new Map(fields);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const step = steps.get(key);
      if (step === undefined) throw new TypeError(`unknown key ${key}`);
      return [key, step(inner)];
    }),
  );
}

const toPlain: Direction = {
  bytes: (value) => value,
  other: (_kind, value) =>
    typeof value === "bigint" ? String(value) : value instanceof Uint8Array ? toHex(value) : value,
  object: named,
};

const fromPlain: Direction = {
  bytes: (value) => value,
  other(kind, value) {
    if (kind === "bigint")
      return typeof value === "string" && /^\d{1,20}$/.test(value) ? BigInt(value) : value;
    return kind === "custom" && typeof value === "string" ? fromHex(value) : value;
  },
  object: named,
};

/** Reads a schema once, so that encoding and decoding no longer look at it. */
function compile(direction: Direction, schema: z.ZodType): Step {
  const raw = wireBytes.get(schema);
  if (raw !== undefined) return (value) => direction.bytes(value, raw.length);
  const def = schema._zod.def as z.core.$ZodTypes["_zod"]["def"];
  switch (def.type) {
    case "object": {
      const fields = fieldsOf(direction, schema as z.ZodObject);
      const step: Step = (value) => direction.object(fields, value);
      return direction.shortcut?.(schema as z.ZodObject, step) ?? step;
    }
    case "array": {
      const step = compile(direction, def.element as z.ZodType);
      return (value) => {
        if (!Array.isArray(value)) throw new TypeError("expected an array");
        return value.map(step);
      };
    }
    case "nullable": {
      const step = compile(direction, def.innerType as z.ZodType);
      return (value) => (value === null ? null : step(value));
    }
    case "union":
      return compileUnion(direction, def.options as unknown as z.ZodObject[]);
    case "custom": // Raw bytes: `rawBytes`.
    case "bigint":
    case "number":
    case "string":
    case "boolean":
    case "literal":
    case "enum":
      return (value) => direction.other(def.type, value);
    default:
      throw new TypeError(
        `${def.type} has no wire form: use objects, arrays, unions on kind, nullable, and plain values`,
      );
  }
}

const fieldsOf = (direction: Direction, schema: z.ZodObject): Fields =>
  Object.entries(schema.shape).map(([key, field]) => [key, compile(direction, field as z.ZodType)]);

function compileUnion(direction: Direction, options: readonly z.ZodObject[]): Step {
  const members = options.map((option) => ({
    kind: (option.shape.kind as z.ZodLiteral).value,
    step: compile(direction, option),
  }));
  return (value) => {
    const member = members.find(({ kind }) => kindOf(value) === kind);
    if (member === undefined) throw new TypeError("no member of the union has this kind");
    return member.step(value);
  };
}
