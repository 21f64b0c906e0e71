import { createHash } from "node:crypto";
import { type Digest, limits } from "@meshwork/foundation";
import { type SnapshotLeaf, snapshotChunk } from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import { describe, expect, test } from "vitest";
import { chunksOf } from "./chunks.ts";

/** Leaves as a state has them: keys are hashes, in order. */
function leavesOf(count: number, valueBytes: number): SnapshotLeaf[] {
  const keys = Array.from({ length: count }, (_, i) =>
    createHash("sha256").update(String(i)).digest("hex"),
  ).sort();
  return keys.map((key) => ({
    key: key as Digest,
    value: new Uint8Array(valueBytes).fill(key.charCodeAt(0)),
  }));
}

const idsOf = (leaves: SnapshotLeaf[]) =>
  [...chunksOf(leaves)].map(({ bytes }) => contentIdOf(bytes));

describe("a state's chunks", () => {
  const leaves = leavesOf(80_000, 260);
  const chunks = [...chunksOf(leaves)];

  test("have from 4 to 8 MiB, but for the last", () => {
    const sizes = chunks.map(({ bytes }) => bytes.length);
    expect(sizes.length).toBeGreaterThan(2);
    for (const size of sizes.slice(0, -1)) {
      expect(size).toBeGreaterThanOrEqual(limits.snapshotChunkMinBytes);
      expect(size).toBeLessThanOrEqual(limits.snapshotChunkMaxBytes);
    }
  });

  test("hold every leaf once and in order", () => {
    expect(chunks.reduce((sum, chunk) => sum + chunk.leaves, 0)).toBe(leaves.length);
    const [first] = chunks;
    const read = snapshotChunk.decode(first?.bytes ?? new Uint8Array(0));
    expect(read.leaves.map(({ key }) => key)).toEqual(
      leaves.slice(0, first?.leaves).map(({ key }) => key),
    );
  });

  test("stay the same but for one or two when a leaf comes or goes", () => {
    const before = new Set(idsOf(leaves));
    const fewer = idsOf(leaves.toSpliced(10, 1));
    expect(fewer.filter((id) => !before.has(id)).length).toBeLessThanOrEqual(2);
    expect(fewer.some((id) => before.has(id))).toBe(true);
  });

  test("never exceed their bound, however large the leaves and whatever their keys", () => {
    const large = leavesOf(300, limits.stateLeafBytes).map((leaf, i) => ({
      ...leaf,
      key: String(i).padStart(64, "1") as Digest,
    }));
    for (const { bytes } of chunksOf(large))
      expect(bytes.length).toBeLessThanOrEqual(limits.snapshotChunkMaxBytes);
  });

  test("of no leaves are none", () => {
    expect([...chunksOf([])]).toEqual([]);
  });
});
