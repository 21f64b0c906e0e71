import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Digest, limits, type NodeId, systemClock } from "@meshwork/foundation";
import { contentIdOfDigest, fileIdOf } from "@meshwork/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openFileRecords } from "./file-records.ts";

const [alice, bob] = ["A", "B"].map((letter) => letter.repeat(44)) as [NodeId, NodeId];
const digest = (byte: string) => byte.repeat(32) as Digest;
const chunks = [digest("01"), digest("02")];
const sizeBytes = limits.fileChunkBytes + 1;
const id = fileIdOf(chunks, sizeBytes);
const [sealed, other] = [digest("aa"), digest("bb")];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-file-records-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const opened = () => openFileRecords(folder, systemClock);

test("what is known of a file outlives the process", async () => {
  const before = await opened();
  await before.setSealed(await before.add(alice, { id, sizeBytes, chunks }), 1, sealed);
  const records = await opened();
  const record = records.get(alice, id);
  expect(record?.missing()).toEqual([0]);
  expect(record?.plain()).toEqual(chunks);
  expect(records.names(contentIdOfDigest(sealed))).toBe(true);
  expect([records.bytesOf(alice), records.bytesOf(bob), records.bytesOf(null)]).toEqual([
    sizeBytes,
    0,
    sizeBytes,
  ]);
});

test("a record that was cut or changed is none: the file is announced again", async () => {
  const whole = async () => {
    const records = await opened();
    await records.add(alice, { id, sizeBytes, chunks });
    return readFile(join(folder, alice, id));
  };
  for (const hurt of [
    (bytes: Uint8Array) => bytes.subarray(0, 20),
    (bytes: Uint8Array) => bytes.subarray(0, 3),
    (bytes: Uint8Array) => new Uint8Array([...bytes, 0]).fill(1, 0, 8),
    (bytes: Uint8Array) => bytes.map((byte, i) => (i === 12 ? byte ^ 1 : byte)),
    (bytes: Uint8Array) => bytes.map((byte, i) => (i === 7 ? byte ^ 1 : byte)),
  ]) {
    await writeFile(join(folder, alice, id), hurt(await whole()));
    expect((await opened()).size).toBe(0);
    await expect(readFile(join(folder, alice, id))).rejects.toThrow("ENOENT");
  }
});

test("a sealed chunk is let go when the last file that has it is removed", async () => {
  const records = await opened();
  const [first, second] = [
    await records.add(alice, { id, sizeBytes, chunks }),
    await records.add(bob, { id, sizeBytes, chunks }),
  ];
  await records.setSealed(first, 0, sealed);
  await records.setSealed(second, 0, sealed);
  await records.setSealed(second, 1, other);
  expect(await records.remove(first)).toEqual([]);
  expect(await records.remove(second)).toEqual([sealed, other].map(contentIdOfDigest));
  expect((await opened()).size).toBe(0);
});
