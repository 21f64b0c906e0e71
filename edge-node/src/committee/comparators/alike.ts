import { equalBytes } from "@meshwork/foundation";
import type { Comparator } from "@meshwork/protocol";
import { canonicalJson } from "./canonical-json.ts";
import { isSameMultiset, membersOf, shareEnough, wordsOf } from "./members.ts";
import { areNearDoubles, isNearJson } from "./numeric.ts";
import { type Json, readJson } from "./read-json.ts";

/** Whether two outputs are alike; the same everywhere, and the same both ways round. */
export type Alike = (a: Uint8Array, b: Uint8Array) => Promise<boolean>;

/**
 * @param runModule what a program of the requester's writes when both outputs are its inputs; null when
 * it ends in a fault. Needed for the comparator `wasm` alone.
 */
export function alikeUnder(
  comparator: Comparator,
  runModule: (inputs: readonly Uint8Array[]) => Promise<Uint8Array | null>,
): Alike {
  const asked = comparator.kind === "wasm" ? saysYes(runModule) : alikeBy(comparator);
  return async (a, b) => equalBytes(a, b) || (await asked(a, b));
}

function alikeBy(
  comparator: Exclude<Comparator, { kind: "wasm" }>,
): (a: Uint8Array, b: Uint8Array) => boolean {
  switch (comparator.kind) {
    case "exact":
      return () => false;
    case "canonical-json":
      return whereBoth(readJson, (a, b) => canonicalJson(a) === canonicalJson(b));
    case "numeric": {
      const { encoding, absolute, relative } = comparator;
      const tolerance = { absolute: Number(absolute), relative: Number(relative) };
      if (encoding === "f64le") return (a, b) => areNearDoubles(a, b, tolerance);
      return whereBoth(readJson, (a: Json, b: Json) => isNearJson(a, b, tolerance));
    }
    case "set":
      return whereBoth((bytes) => membersOf(bytes, comparator.of), isSameMultiset);
    case "token-set":
      return whereBoth(wordsOf, (a, b) => shareEnough(a, b, comparator.leastPermille));
  }
}

/** What cannot be read is like nothing but itself. An output that is held against several is read once. */
function whereBoth<T>(
  read: (bytes: Uint8Array) => T | undefined,
  hold: (a: T, b: T) => boolean,
): (a: Uint8Array, b: Uint8Array) => boolean {
  const known = new WeakMap<Uint8Array, { value: T | undefined }>();
  const readOnce = (bytes: Uint8Array): T | undefined => {
    const found = known.get(bytes) ?? { value: read(bytes) };
    known.set(bytes, found);
    return found.value;
  };
  return (a, b) => {
    const left = readOnce(a);
    const right = left === undefined ? undefined : readOnce(b);
    return left !== undefined && right !== undefined && hold(left, right);
  };
}

const YES = "1".charCodeAt(0);

/** Asked both ways round: who comes first must not matter, whatever the program thinks. */
const saysYes =
  (run: (inputs: readonly Uint8Array[]) => Promise<Uint8Array | null>): Alike =>
  async (a, b) => {
    for (const inputs of [
      [a, b],
      [b, a],
    ]) {
      const said = await run(inputs);
      if (said?.length !== 1 || said[0] !== YES) return false;
    }
    return true;
  };
