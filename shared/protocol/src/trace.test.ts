import { sha256Hex } from "@meshwork/crypto";
import { type Digest, toHex, utf8 } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { WireError } from "./canonical.ts";
import {
  closingLeaf,
  decodeLeaf,
  decodeTrace,
  encodeLeaf,
  encodeTrace,
  LEAF_BYTES,
  NOTHING_HASH,
  sampledSteps,
  type TraceLeaf,
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
  resultBytes: 6,
  fuel: 50n,
  fault: null,
};
const leaves: TraceLeaf[] = [
  ...Array.from({ length: 5 }, (_, index) => ({
    index,
    pre: state(index),
    post: state(index + 1),
    out: NOTHING_HASH,
    outBytes: 0,
    fuel: 10n,
  })),
  closingLeaf(run),
];

test("a leaf is 120 bytes and comes back as it was", () => {
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

test("a trace travels as one object, and a damaged one is refused", () => {
  const bytes = encodeTrace(leaves);
  expect(decodeTrace(bytes)).toEqual(leaves);
  const renumbered = bytes.slice(0);
  renumbered[7] = 9;
  for (const bad of [bytes.subarray(1), bytes.subarray(0, 120), new Uint8Array(0), renumbered]) {
    expect(() => decodeTrace(bad)).toThrow(WireError);
  }
});

test("a seed picks distinct steps, the same for everyone, and all of them when there are few", () => {
  const seed = sha256Hex(utf8("seed"));
  expect(sampledSteps(seed, 1000, 8)).toEqual(sampledSteps(seed, 1000, 8));
  expect(new Set(sampledSteps(seed, 1000, 64)).size).toBe(64);
  expect(sampledSteps(seed, 3, 8).sort()).toEqual([0, 1, 2]);
});
