import type { Json } from "./read-json.ts";

/**
 * RFC 8785: names in the order of their UTF-16 code units, no spaces, and what ECMAScript makes of strings
 * and numbers (so −0 is 0, and 1e2 is 100).
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] as Json)}`);
  return `{${members.join(",")}}`;
}
