import { limits } from "@meshwork/foundation";
import { readText } from "./read-text.ts";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/**
 * JSON that everybody reads alike (I-JSON, as RFC 8785 wants it): UTF-8, no name twice in an object, no
 * half of a surrogate pair, no number beyond a double's range. Undefined for all else, and for what is
 * longer or deeper than a verifier will look into.
 */
export function readJson(bytes: Uint8Array): Json | undefined {
  const text = readText(bytes);
  if (text === undefined) return undefined;
  try {
    const shape = shapeOf(text);
    if (shape.depth > limits.comparedJsonDepth) return undefined;
    const value = JSON.parse(text) as Json;
    return isSound(value) && membersIn(value) === shape.members ? value : undefined;
  } catch {
    return undefined;
  }
}

/** How deep it goes and how many members its objects spell out, before anything is built of it. */
function shapeOf(text: string): { depth: number; members: number } {
  let [depth, deepest, members] = [0, 0, 0];
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at);
        break;
      case "[":
      case "{":
        deepest = Math.max(deepest, ++depth);
        break;
      case "]":
      case "}":
        depth--;
        break;
      case ":":
        members++;
    }
  }
  return { depth: deepest, members };
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

/** Fewer than were spelt out, if a name came twice: which of the two is meant, readers do not agree on. */
function membersIn(value: Json): number {
  if (value === null || typeof value !== "object") return 0;
  const inner = Object.values(value);
  const own = Array.isArray(value) ? 0 : inner.length;
  return inner.reduce<number>((sum, each) => sum + membersIn(each), own);
}

function isSound(value: Json): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value === "string") return value.isWellFormed();
  if (value === null || typeof value !== "object") return true;
  if (Array.isArray(value)) return value.every(isSound);
  return Object.entries(value).every(([name, inner]) => name.isWellFormed() && isSound(inner));
}
