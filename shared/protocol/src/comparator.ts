import { z } from "zod";
import { contentRef } from "./content-ref.ts";

/**
 * How two outputs are held against each other. Whatever the comparator, outputs that are the same to
 * the last byte are alike; and what it cannot read (no JSON, too deep, too long) is like nothing else.
 */

/** A tolerance travels as decimal text: there are no floats on the wire. */
const tolerance = z.string().regex(/^(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?(e-?[0-9]{1,2})?$/);

/** The same bytes. */
const exact = z.strictObject({ kind: z.literal("exact") });

/** The same JSON, after the canonicalisation of RFC 8785: order of keys, spaces and spellings do not count. */
const canonicalJson = z.strictObject({ kind: z.literal("canonical-json") });

/** The same numbers but for |a − b| ≤ max(absolute, relative × max(|a|, |b|)); all else must be the same. */
const numeric = z.strictObject({
  kind: z.literal("numeric"),
  /** `json`: numbers anywhere in a JSON value. `f64le`: nothing but doubles, the low byte first. */
  encoding: z.enum(["json", "f64le"]),
  absolute: tolerance,
  relative: tolerance,
});

/** The same members, each as often, in any order. */
const set = z.strictObject({
  kind: z.literal("set"),
  /** Lines of text, or the elements of one JSON array. */
  of: z.enum(["lines", "json"]),
});

/** Texts that share enough of their words: |A ∩ B| ÷ |A ∪ B|, in thousandths, at least. */
const tokenSet = z.strictObject({
  kind: z.literal("token-set"),
  leastPermille: z.int().min(1).max(1_000),
});

/**
 * A program for `wasm-step-v1` that gets both outputs as its inputs 0 and 1, and writes the one byte "1"
 * when they are alike. It runs in the sandbox, within the contract's limits, once each way round.
 */
const wasm = z.strictObject({ kind: z.literal("wasm"), module: contentRef });

export const comparator = z.discriminatedUnion("kind", [
  exact,
  canonicalJson,
  numeric,
  set,
  tokenSet,
  wasm,
]);
export type Comparator = z.infer<typeof comparator>;
