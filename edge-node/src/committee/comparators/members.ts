import { canonicalJson } from "./canonical-json.ts";
import { readJson } from "./read-json.ts";
import { readText } from "./read-text.ts";

/** An output as a row of members whose order does not count; undefined when it is none. */
export function membersOf(bytes: Uint8Array, of: "lines" | "json"): string[] | undefined {
  if (of === "json") {
    const value = readJson(bytes);
    return Array.isArray(value) ? value.map(canonicalJson) : undefined;
  }
  const text = readText(bytes);
  if (text === undefined) return undefined;
  // A last line with its end, and one without, are the same lines.
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

/** The same members, each as often. */
export function isSameMultiset(a: string[], b: string[]): boolean {
  if (a.length !== b.length) return false;
  const [left, right] = [a.toSorted(), b.toSorted()];
  return left.every((member, i) => member === right[i]);
}

/**
 * The words of a text: what stands between spaces and punctuation, of which ASCII alone is known, so that
 * no table of Unicode, which grows from year to year, decides who was right.
 */
export function wordsOf(bytes: Uint8Array): Set<string> | undefined {
  const text = readText(bytes);
  if (text === undefined) return undefined;
  const lower = text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return new Set(lower.split(SEPARATORS).filter((word) => word !== ""));
}

/** Every ASCII character but letters and digits. */
const SEPARATORS = /[^a-z0-9\u0080-\u{10ffff}]+/u;

/** |A ∩ B| ÷ |A ∪ B| in whole numbers, which round nowhere. Two texts without words are alike. */
export function shareEnough(a: Set<string>, b: Set<string>, leastPermille: number): boolean {
  const common = [...a].filter((word) => b.has(word)).length;
  return 1_000 * common >= leastPermille * (a.size + b.size - common);
}
