import type { Digest } from "@meshwork/foundation";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  joinSnapshotLeaves,
  type SnapshotLeaf,
  snapshotChunk,
  snapshotLeaf,
} from "./snapshot-manifest.ts";

const inPieces = (leaves: SnapshotLeaf[]) =>
  joinSnapshotLeaves(leaves.map((leaf) => snapshotLeaf.encode(leaf)));
function expectSame(leaves: SnapshotLeaf[]): void {
  expect(Buffer.compare(inPieces(leaves), snapshotChunk.encode({ leaves }))).toBe(0);
}

test("a chunk that is made piece by piece has the bytes of one that is made at once", () => {
  const leaf = fc.record({
    key: fc.stringMatching(/^[0-9a-f]{64}$/).map((key) => key as Digest),
    value: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(fc.property(fc.array(leaf, { minLength: 1, maxLength: 300 }), expectSame));
});

test.each([1, 23, 24, 255, 256, 65_535, 65_536])("so it is with %d leaves", (count) => {
  const leaf = { key: "0a".repeat(32) as Digest, value: new Uint8Array(1) };
  expectSame(Array.from({ length: count }, () => leaf));
});
