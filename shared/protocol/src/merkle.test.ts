import { type Digest, toHex, utf8 } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { merklePath, merkleRoot, verifyMerklePath } from "./merkle.ts";

const leavesOf = (count: number) => Array.from({ length: count }, (_, i) => utf8(`leaf ${i}`));

describe("a Merkle path", () => {
  test("leads every leaf of every tree up to 40 leaves to its root", () => {
    for (let count = 1; count <= 40; count++) {
      const leaves = leavesOf(count);
      const root = merkleRoot(leaves);
      leaves.forEach((leaf, index) => {
        expect(verifyMerklePath(leaf, { index, count }, merklePath(leaves, index), root)).toBe(
          true,
        );
      });
    }
  });

  test("is refused for another leaf, index, count, root, or a changed sibling", () => {
    const leaves = leavesOf(11);
    const root = merkleRoot(leaves);
    const path = merklePath(leaves, 6);
    const leaf = leaves[6] ?? utf8("");
    const place = { index: 6, count: 11 };
    expect(verifyMerklePath(leaf, place, path, root)).toBe(true);
    expect(verifyMerklePath(utf8("leaf 7"), place, path, root)).toBe(false);
    expect(verifyMerklePath(leaf, { index: 7, count: 11 }, path, root)).toBe(false);
    expect(verifyMerklePath(leaf, { index: 6, count: 64 }, path, root)).toBe(false);
    expect(verifyMerklePath(leaf, { index: -1, count: 11 }, path, root)).toBe(false);
    expect(verifyMerklePath(leaf, place, path.slice(1), root)).toBe(false);
    expect(verifyMerklePath(leaf, place, [...path, null], root)).toBe(false);
    const changed = path.map((sibling, i) =>
      i === 0 ? (toHex(utf8("x".repeat(32))) as Digest) : sibling,
    );
    expect(verifyMerklePath(leaf, place, changed, root)).toBe(false);
  });

  test("cannot pass an inner node for a leaf", () => {
    const leaves = leavesOf(4);
    const root = merkleRoot(leaves);
    const inner = merklePath(leaves, 0)[1] as Digest;
    expect(verifyMerklePath(utf8(inner), { index: 1, count: 2 }, [inner], root)).toBe(false);
  });
});
