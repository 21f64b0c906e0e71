import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Hex } from "@meshwork/crypto";
import {
  type Clock,
  type Digest,
  limits,
  type NodeId,
  type OrderId,
  systemClock,
} from "@meshwork/foundation";
import { silentLog } from "@meshwork/observability";
import { contentIdOfDigest, fileIdOf, type ObjectStore, openFolderStore } from "@meshwork/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Blobs, createBlobs } from "./blobs.ts";
import { fetchFile } from "./fetch-file.ts";
import { fileMap, SEALED_CHUNK_BYTES } from "./file-map.ts";
import { type Files, openFiles } from "./files.ts";
import { Neighbours } from "./testing/neighbours.ts";

const [alice, bob, carol, dave] = ["A", "B", "C", "D"].map((letter) => letter.repeat(44)) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];
const MiB = limits.fileChunkBytes;
const content = randomBytes(2 * MiB + 1_000);
const pieces = [0, 1, 2].map((i) => new Uint8Array(content.subarray(i * MiB, (i + 1) * MiB)));
const chunks: Digest[] = pieces.map(sha256Hex);
const list = { sizeBytes: content.length, chunks };
const id = fileIdOf(chunks, content.length);
const file = { account: alice, id };
const { signal } = new AbortController();

let folder: string;
let now: number;
let neighbours: Neighbours;
/** Pauses between rounds are short. */
const clock: Clock = {
  ...systemClock,
  now: () => now,
  setTimer: (ms, callback) => systemClock.setTimer(ms < 5_000 ? ms / 20 : ms, callback),
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-files-"));
  now = systemClock.now();
  neighbours = new Neighbours();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Node {
  blobs: Blobs;
  store: ObjectStore;
}

async function node(name: NodeId, maxTotalBytes = 64 * MiB): Promise<Node> {
  const maxObjectBytes = SEALED_CHUNK_BYTES;
  const isPinned = () => true;
  const store = await openFolderStore({
    ...{ folder: join(folder, name), maxTotalBytes, maxObjectBytes, isPinned },
  });
  const openChannel = neighbours.openChannel(name);
  const blobs = createBlobs({ store, clock, log: silentLog, openChannel });
  neighbours.answer(name, blobs.onChannel);
  return { blobs, store };
}

const openOn = ({ blobs, store }: Node, bounds = {}): Promise<Files> =>
  openFiles(
    { blobs, clock, root: new Uint8Array(32), drop: (gone) => store.delete(gone) },
    { folder: join(folder, "files"), maxBytes: 8 * MiB, maxBytesPerAccount: 4 * MiB, ...bounds },
  );

async function bring(files: Files, numbers = [0, 1, 2]): Promise<void> {
  await files.announce(file, list);
  for (const i of numbers) await files.putChunk(file, i, pieces[i] as Uint8Array);
}

describe("a file that is brought", () => {
  test("goes on where it was, also after a restart, and is then there as a whole", async () => {
    const gateway = await node(alice);
    await bring(await openOn(gateway), [1]);
    const files = await openOn(gateway);
    expect(await files.announce(file, list)).toEqual([0, 2]);
    expect(() => files.mapOf(file)).toThrow("2 chunks");
    await bring(files, [0, 2]);
    expect(await files.announce(file, list)).toEqual([]);
    expect(files.list(file)).toEqual(list);
    for (const [i, piece] of pieces.entries())
      expect(Buffer.compare(await files.chunk(file, i), piece)).toBe(0);
  });

  test("lies sealed: no chunk of it is stored as it is", async () => {
    const gateway = await node(alice);
    await bring(await openOn(gateway));
    for (const digest of chunks)
      expect(await gateway.store.has(contentIdOfDigest(digest))).toBe(false);
  });

  test("takes no chunk that is another, too long, or of no place", async () => {
    const files = await openOn(await node(alice));
    await bring(files, []);
    const [first] = pieces as [Uint8Array];
    for (const [index, bytes] of [
      [1, first],
      [0, content],
      [3, first],
      [0, first.subarray(1)],
    ] as const)
      await expect(files.putChunk(file, index, bytes)).rejects.toMatchObject({
        code: "FILE_HASH_MISMATCH",
      });
  });

  test("takes no list that is not the one which its name stands for", async () => {
    const files = await openOn(await node(alice));
    for (const wrong of [
      { ...list, sizeBytes: list.sizeBytes + 1 },
      { ...list, chunks: [...chunks].reverse() },
      { ...list, chunks: chunks.slice(1) },
    ])
      await expect(files.announce(file, wrong)).rejects.toMatchObject({
        code: "FILE_HASH_MISMATCH",
      });
  });

  test("is its account's alone", async () => {
    const files = await openOn(await node(alice));
    await bring(files);
    expect(() => files.mapOf({ ...file, account: bob })).toThrow("has brought no file");
  });

  test("is refused before a byte of it comes when there is no room", async () => {
    const files = await openOn(await node(alice), { maxBytesPerAccount: 2 * MiB });
    await expect(files.announce(file, list)).rejects.toMatchObject({ code: "FILE_QUOTA_EXCEEDED" });
  });

  test("is forgotten with its chunks when nobody uses or orders it any more", async () => {
    const gateway = await node(alice);
    const files = await openOn(gateway);
    await bring(files);
    now += limits.fileKeptMs + 1;
    await files.forgetUnused(() => true);
    expect(files.list(file)).toEqual(list);
    await files.forgetUnused(() => false);
    expect(() => files.list(file)).toThrow("has brought no file");
    for await (const left of gateway.store.list()) expect.unreachable(left);
  });
});

describe("a file that is fetched", () => {
  const orderId = "0".repeat(64) as OrderId;
  const options = { hints: [alice, bob], orderId, signal };

  async function brought() {
    const gateway = await node(alice);
    const files = await openOn(gateway);
    await bring(files);
    return { gateway, files, source: { id, ...list, map: fileMap.encode(files.mapOf(file)) } };
  }

  test("is read chunk by chunk, from this machine when all others have gone", async () => {
    const { source } = await brought();
    const fetched = await fetchFile((await node(carol)).blobs, source, options);
    neighbours.leaveAll();
    for (const [i, piece] of pieces.entries())
      expect(Buffer.compare(await fetched.chunk(i), piece)).toBe(0);
    await expect(fetched.chunk(3)).rejects.toThrow("no chunk 3");
  });

  test("comes from whoever has it, when who brought it is away; and half of it from each", async () => {
    const { gateway, source } = await brought();
    const [holder, me] = [await node(bob), await node(carol)];
    await fetchFile(holder.blobs, source, { ...options, hints: [alice] });
    const { chunks: placed } = fileMap.decode(source.map);
    await gateway.store.delete(contentIdOfDigest(placed[0]?.sealed as Digest));
    await holder.store.delete(contentIdOfDigest(placed[1]?.sealed as Digest));
    await fetchFile(me.blobs, source, options);
    neighbours.leave(alice);
    neighbours.leave(bob);
    const late = await fetchFile((await node(dave)).blobs, source, { ...options, hints: [carol] });
    expect(Buffer.compare(await late.chunk(0), pieces[0] as Uint8Array)).toBe(0);
  });

  test("goes on where it was: what is here is not asked for again", async () => {
    const { gateway, source } = await brought();
    const me = await node(carol);
    const { chunks: placed } = fileMap.decode(source.map);
    const lost = contentIdOfDigest(placed[2]?.sealed as Digest);
    const bytes = (await gateway.store.get(lost)) as Uint8Array;
    await gateway.store.delete(lost);
    await expect(fetchFile(me.blobs, source, options)).rejects.toMatchObject({
      code: "BLOB_UNAVAILABLE",
    });
    for (const { sealed } of placed.slice(0, 2))
      await gateway.store.delete(contentIdOfDigest(sealed));
    await gateway.blobs.put(bytes);
    await fetchFile(me.blobs, source, options);
  });

  test("is asked for again while those who have it are busy with others", async () => {
    const { gateway, source } = await brought();
    let busy = 2 * limits.fileTransfers;
    neighbours.answer(alice, (channel) => {
      if (busy-- > 0) channel.abort(new Error("busy"));
      else gateway.blobs.onChannel(channel);
    });
    const fetched = await fetchFile((await node(carol)).blobs, source, {
      ...options,
      hints: [alice],
    });
    expect(Buffer.compare(await fetched.chunk(2), pieces[2] as Uint8Array)).toBe(0);
  });

  test("is refused with a code when it does not fit beside what is needed here", async () => {
    const { source } = await brought();
    const small = await node(carol, MiB + 1_000);
    await expect(fetchFile(small.blobs, source, options)).rejects.toMatchObject({
      code: "FILE_TOO_LARGE",
    });
  });

  test("is refused when its map is of other chunks, or seals other ones than it says", async () => {
    const { source } = await brought();
    const map = fileMap.decode(source.map);
    const [first, second, third] = map.chunks;
    if (!first || !second || !third) throw new Error("there are three");
    const swapped = [{ ...first, sealed: second.sealed }, second, third];
    for (const wrong of [
      { ...map, chunks: [second, first, third] },
      { ...map, chunks: swapped },
      { ...map, chunks: [first, second] },
      { ...map, key: "11".repeat(32) as Digest },
      { ...map, sizeBytes: map.sizeBytes - 1 },
    ])
      await expect(
        fetchFile((await node(carol)).blobs, { ...source, map: fileMap.encode(wrong) }, options),
      ).rejects.toMatchObject({ code: "FILE_HASH_MISMATCH" });
  });
});
