import type { Json } from "./read-json.ts";

export interface Tolerance {
  absolute: number;
  relative: number;
}

/** NaN is near NaN, whatever its bits; an infinity is near itself alone; −0 is 0. */
export function isNear(a: number, b: number, { absolute, relative }: Tolerance): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  return Math.abs(a - b) <= Math.max(absolute, relative * Math.max(Math.abs(a), Math.abs(b)));
}

/** The same shape, names and texts, and numbers that are near. */
export function isNearJson(a: Json, b: Json, tolerance: Tolerance): boolean {
  if (typeof a === "number" && typeof b === "number") return isNear(a, b, tolerance);
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  if (left.size !== right.size) return false;
  for (const [name, value] of left) {
    const other = right.get(name);
    if (other === undefined || !isNearJson(value, other, tolerance)) return false;
  }
  return true;
}

/** Rows of doubles, the low byte first. */
export function areNearDoubles(a: Uint8Array, b: Uint8Array, tolerance: Tolerance): boolean {
  if (a.length !== b.length || a.length % 8 !== 0) return false;
  const [left, right] = [viewOf(a), viewOf(b)];
  for (let at = 0; at < a.length; at += 8)
    if (!isNear(left.getFloat64(at, true), right.getFloat64(at, true), tolerance)) return false;
  return true;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
