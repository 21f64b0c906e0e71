import { type Digest, toHex } from "@meshwork/foundation";
import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import {
  EMPTY_SUBTREE,
  keyBit,
  type SnapshotLeaf,
  stateBranchHash,
  stateLeafHash,
  stateValueHash,
} from "@meshwork/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { RootFold } from "./fold-root.ts";

/** As the rule says it: an empty subtree, a lone leaf, or the hash of two halves. */
function rootOf(leaves: readonly SnapshotLeaf[], depth = 0): Digest {
  const [only] = leaves;
  if (only === undefined) return EMPTY_SUBTREE;
  if (leaves.length === 1) return stateLeafHash(only.key, stateValueHash(only.value.subarray(1)));
  const half = (side: 0 | 1) => leaves.filter(({ key }) => keyBit(key, depth) === side);
  return stateBranchHash(rootOf(half(0), depth + 1), rootOf(half(1), depth + 1));
}

function folded(leaves: Iterable<SnapshotLeaf>): Digest {
  const fold = new RootFold();
  for (const leaf of leaves) fold.add(leaf);
  return fold.root();
}

/** Few different nibbles at few places: keys that part early, late, and only in the last bit. */
const key = fc
  .tuple(fc.constantFrom("0", "7", "8", "f"), fc.nat(61), fc.integer({ min: 0, max: 255 }))
  .map(([fill, at, byte]) => {
    const digits = fill.repeat(64).split("");
    digits.splice(at, 2, ...toHex(Uint8Array.of(byte)));
    return digits.join("") as Digest;
  });

test("the root folded from the leaves is the one that the tree has, whatever the keys", () => {
  const state = fc
    .uniqueArray(fc.record({ key, value: fc.uint8Array({ minLength: 1, maxLength: 9 }) }), {
      maxLength: 40,
      selector: (leaf) => leaf.key,
    })
    .map((leaves) => leaves.toSorted((a, b) => (a.key < b.key ? -1 : 1)));
  fc.assert(fc.property(state, (leaves) => folded(leaves) === rootOf(leaves)));
});

test("the root folded from a ledger's leaves is the one that its headers name", () => {
  const network = new TestNetwork();
  const actors = new Actors(network);
  actors.until(actors.order(), (task) => task.phase === "running");
  expect(folded(network.state.leaves())).toBe(network.state.root());
});

test("leaves out of order are no state", () => {
  const leaves = [...new TestNetwork().state.leaves()];
  expect(() => folded(leaves.toReversed())).toThrow("order");
  expect(() => folded([...leaves.slice(0, 1), ...leaves.slice(0, 1)])).toThrow("order");
});
