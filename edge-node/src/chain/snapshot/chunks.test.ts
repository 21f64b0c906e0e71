import { createHash } from "node:crypto";
import { type Digest, limits } from "@meshwork/foundation";
import { type SnapshotLeaf, snapshotChunk } from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import { beforeAll, describe, expect, test } from "vitest";
import { chunksOf, type EncodedChunk } from "./chunks.ts";

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

async function allOf(leaves: SnapshotLeaf[]) {
  const chunks: EncodedChunk[] = [];
  for await (const chunk of chunksOf(leaves)) chunks.push(chunk);
  return chunks;
}
const idsOf = async (leaves: SnapshotLeaf[]) =>
  (await allOf(leaves)).map(({ bytes }) => contentIdOf(bytes));

describe("a state's chunks", () => {
  const leaves = leavesOf(80_000, 260);
  let chunks: EncodedChunk[];
  beforeAll(async () => {
    chunks = await allOf(leaves);
  });

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

  test("are made in pieces: whoever waits has a turn in between", async () => {
    let turns = 0;
    let isDone = false;
    const waiting = (async () => {
      while (!isDone) {
        await new Promise((resolve) => setImmediate(resolve));
        turns++;
      }
    })();
    await allOf(leaves);
    isDone = true;
    await waiting;
    // Some 20 MB of leaves: hundreds of milliseconds, in pieces of five and a few for a chunk's end.
    expect(turns).toBeGreaterThan(10);
  });

  test("stay the same but for one or two when a leaf comes or goes", async () => {
    const before = new Set(await idsOf(leaves));
    const fewer = await idsOf(leaves.toSpliced(10, 1));
    expect(fewer.filter((id) => !before.has(id)).length).toBeLessThanOrEqual(2);
    expect(fewer.some((id) => before.has(id))).toBe(true);
  });

  test("never exceed their bound, however large the leaves and whatever their keys", async () => {
    const large = leavesOf(300, limits.stateLeafBytes).map((leaf, i) => ({
      ...leaf,
      key: String(i).padStart(64, "1") as Digest,
    }));
    for await (const { bytes } of chunksOf(large))
      expect(bytes.length).toBeLessThanOrEqual(limits.snapshotChunkMaxBytes);
  });

  test("of no leaves are none", async () => {
    expect(await allOf([])).toEqual([]);
  });
});
