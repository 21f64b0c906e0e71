import { digestOf } from "@meshwork/crypto";
import { type Digest, uint64, utf8 } from "@meshwork/foundation";
import {
  EMPTY_SUBTREE,
  keyBit,
  stateBranchHash,
  stateLeafHash,
  stateValueHash,
  verifyStateProof,
} from "@meshwork/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StateTree } from "./state-tree.ts";

interface Value {
  bytes: Uint8Array;
}
const value = (text: string | number): Value => ({ bytes: utf8(String(text)) });

/** Few keys, so that histories hit them again; some share long beginnings, as an attacker's would. */
const keys: Digest[] = Array.from({ length: 40 }, (_, i) => {
  const hash = digestOf("meshwork/state-key/1", uint64(i % 8));
  const tail = digestOf("meshwork/state-key/1", uint64(i));
  return (i < 20 ? tail : hash.slice(0, i) + tail.slice(i)) as Digest;
});
const key = fc.constantFrom(...keys);
const change = fc.tuple(key, fc.option(fc.nat(5), { nil: null }));
const history = fc.array(change, { maxLength: 60 });

/** The definition, without any tree: split the leaves by their next bit, level by level. */
function rootOf(leaves: [Digest, Value][], depth = 0): Digest {
  const [only] = leaves;
  if (only === undefined) return EMPTY_SUBTREE;
  if (leaves.length === 1) return stateLeafHash(only[0], stateValueHash(only[1].bytes));
  const side = (bit: 0 | 1) => leaves.filter(([leaf]) => keyBit(leaf, depth) === bit);
  return stateBranchHash(rootOf(side(0), depth + 1), rootOf(side(1), depth + 1));
}

function play(changes: [Digest, number | null][]) {
  let tree = StateTree.empty<Value>();
  const model = new Map<Digest, Value>();
  for (const [at, to] of changes) {
    tree = to === null ? tree.delete(at) : tree.put(at, value(to));
    if (to === null) model.delete(at);
    else model.set(at, value(to));
  }
  return { tree, model };
}

describe("the state tree", () => {
  test("has the root of its definition after any history of puts and deletes", () => {
    fc.assert(
      fc.property(history, (changes) => {
        const { tree, model } = play(changes);
        expect(tree.root()).toBe(rootOf([...model]));
        expect([...tree.entries()].map(([at]) => at)).toEqual([...model.keys()].sort());
      }),
      { numRuns: 150 },
    );
  });

  test("proves every record that it holds, and the absence of every other", () => {
    fc.assert(
      fc.property(history, key, (changes, asked) => {
        const { tree, model } = play(changes);
        const held = model.get(asked)?.bytes ?? null;
        const proof = tree.prove(asked);
        expect(verifyStateProof(tree.root(), asked, held, proof)).toBe(true);
        expect(verifyStateProof(tree.root(), asked, held ? null : utf8("x"), proof)).toBe(false);
        expect(verifyStateProof(tree.root(), asked, utf8("another"), proof)).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  test("never changes: an older tree keeps its root and its records", () => {
    fc.assert(
      fc.property(history, history, (before, after) => {
        const { tree, model } = play(before);
        let later = tree;
        for (const [at, to] of after)
          later = to === null ? later.delete(at) : later.put(at, value(to));
        later.root();
        expect(tree.root()).toBe(rootOf([...model]));
        for (const at of keys) expect(tree.get(at)).toEqual(model.get(at));
      }),
      { numRuns: 100 },
    );
  });

  test("does not hash again what did not change", () => {
    let reads = 0;
    const counted = (text: string): Value => ({
      get bytes() {
        reads++;
        return utf8(text);
      },
    });
    let tree = StateTree.empty<Value>();
    for (const at of keys) tree = tree.put(at, counted(at));
    tree.root();
    reads = 0;
    tree.put(keys[3] as Digest, counted("new")).root();
    expect(reads).toBe(1);
  });
});
