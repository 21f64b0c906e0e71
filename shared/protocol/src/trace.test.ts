import { sha256Hex } from "@meshwork/crypto";
import { type Digest, toHex, utf8 } from "@meshwork/foundation";
import { expect, test } from "vitest";
import {
  closingLeaf,
  decodeLeaf,
  encodeLeaf,
  LEAF_BYTES,
  leavesOf,
  NOTHING_HASH,
  type TraceLeaf,
  traceFile,
  tracePath,
  traceRootOf,
  verifyTracePath,
} from "./trace.ts";

const state = (index: number): Digest =>
  index === 0 ? NOTHING_HASH : sha256Hex(utf8(`state ${index}`));
const run = {
  steps: 5,
  finalState: state(5),
  resultHash: sha256Hex(utf8("result")),
  fuel: 50n,
  fault: null,
};
const leaves: TraceLeaf[] = [
  ...Array.from({ length: 5 }, (_, index) => ({
    index,
    pre: state(index),
    post: state(index + 1),
    out: NOTHING_HASH,
    fuel: 10n,
  })),
  closingLeaf(run),
];

test("a leaf is 112 bytes and comes back as it was", () => {
  for (const leaf of leaves) {
    expect(encodeLeaf(leaf)).toHaveLength(LEAF_BYTES);
    expect(decodeLeaf(encodeLeaf(leaf))).toEqual(leaf);
  }
});

test("a path binds a leaf to its place, to the number of steps, and to the root", () => {
  const root = traceRootOf(leaves);
  const leaf = encodeLeaf(leaves[3] as TraceLeaf);
  const path = tracePath(leaves, 3);
  expect(verifyTracePath(leaf, { index: 3, steps: 5 }, path, root)).toBe(true);
  expect(verifyTracePath(leaf, { index: 4, steps: 5 }, path, root)).toBe(false);
  expect(verifyTracePath(leaf, { index: 3, steps: 3 }, path, root)).toBe(false);
});

test("the closing leaf tells another result, another ending, another length and another sum", () => {
  const closing = toHex(encodeLeaf(closingLeaf(run)));
  for (const change of [
    { resultHash: NOTHING_HASH },
    { fault: "TRAP" as const },
    { steps: 4 },
    { fuel: 51n },
    { finalState: state(1) },
  ]) {
    expect(toHex(encodeLeaf(closingLeaf({ ...run, ...change })))).not.toBe(closing);
  }
});

test("a trace travels as one object", () => {
  const bytes = Buffer.concat(leaves.map(encodeLeaf));
  const file = { leaves: new Uint8Array(bytes), outputBytes: [0, 0, 0, 0, 0], fault: null };
  expect(leavesOf(traceFile.decode(traceFile.encode(file)))).toEqual(leaves);
});
