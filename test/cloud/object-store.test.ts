import { randomBytes } from "node:crypto";
import {
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { type ContentId, utf8 } from "@meshwork/foundation";
import { contentIdOf } from "@meshwork/storage/content-id";
import { openS3Store } from "@meshwork/storage/s3";
import { namesIn, objectStoreContract } from "@meshwork/storage/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buckets, type TestBucket } from "./clouds.ts";

const MiB = 1 << 20;
/** What S3 calls the smallest part, and an object that needs three of them. */
const partBytes = 5 * MiB;
const large = new Uint8Array(randomBytes(11 * MiB));

describe.each(buckets)("the S3 driver, on $name", ({ start, conditional }) => {
  let here: TestBucket;
  beforeAll(async () => {
    here = await start();
  });
  afterAll(() => here?.stop());

  const open = (prefix: string) =>
    openS3Store({ ...here, prefix, maxObjectBytes: 12 * MiB, partBytes });
  const replace = (prefix: string, id: ContentId, bytes: Uint8Array, Metadata = {}) =>
    here.client.send(
      new PutObjectCommand({
        Bucket: here.bucket,
        Key: `${prefix}/${id}`,
        Body: bytes,
        Metadata,
      }),
    );
  const metadataOf = async (prefix: string, id: ContentId) =>
    (await here.client.send(new HeadObjectCommand({ Bucket: here.bucket, Key: `${prefix}/${id}` })))
      .Metadata;
  const unfinished = async (prefix: string) => {
    const list = new ListMultipartUploadsCommand({ Bucket: here.bucket, Prefix: prefix });
    return (await here.client.send(list)).Uploads ?? [];
  };

  objectStoreContract(async () => {
    const prefix = here.newPrefix();
    return {
      store: open(prefix),
      maxObjectBytes: 12 * MiB,
      damage: async (id, bytes) => void (await replace(prefix, id, bytes)),
      reopen: async () => open(prefix),
    };
  });

  test("a large object travels in parts, arrives whole, and is healed when damaged", async () => {
    const prefix = here.newPrefix();
    const store = open(prefix);
    const id = await store.put(large);
    expect(isSame(await store.get(id), large)).toBe(true);
    await replace(prefix, id, large.subarray(1));
    await expect(store.get(id)).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
    await store.put(large);
    expect(isSame(await store.get(id), large)).toBe(true);
    expect(await unfinished(prefix)).toEqual([]);
  });

  test.each([
    ["small", utf8("a few bytes")],
    ["empty", new Uint8Array(0)],
    ["of exactly one part", large.subarray(0, partBytes)],
    ["large", large],
  ])("a stream is stored as what it was announced: %s", async (_size, bytes) => {
    const prefix = here.newPrefix();
    const store = open(prefix);
    const id = contentIdOf(bytes);
    await store.putStream(id, inChunks(bytes, 700_001));
    await store.putStream(id, inChunks(bytes, 4 * MiB));
    expect(isSame(await store.get(id), bytes)).toBe(true);
  });

  test.each([
    ["small", utf8("another content")],
    ["large", large.subarray(2)],
  ])("a stream of something else leaves nothing behind: %s", async (_size, bytes) => {
    const prefix = here.newPrefix();
    const store = open(prefix);
    const sending = store.putStream(contentIdOf(utf8("announced")), inChunks(bytes, MiB));
    await expect(sending).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
    expect(await namesIn(store)).toEqual([]);
    expect(await unfinished(prefix)).toEqual([]);
  });

  test("a stream that breaks, or never ends, leaves nothing behind", async () => {
    const prefix = here.newPrefix();
    const store = open(prefix);
    async function* breaking() {
      yield large.subarray(0, 6 * MiB);
      throw new Error("the sender has gone");
    }
    async function* endless() {
      for (;;) yield large.subarray(0, MiB);
    }
    const id = contentIdOf(large);
    await expect(store.putStream(id, breaking())).rejects.toThrow("the sender has gone");
    await expect(store.putStream(id, endless())).rejects.toMatchObject({
      code: "OBJECT_TOO_LARGE",
    });
    expect(await namesIn(store)).toEqual([]);
    expect(await unfinished(prefix)).toEqual([]);
  });

  test("lists more than fits into one answer of S3", async () => {
    const store = open(here.newPrefix());
    const objects = Array.from({ length: 1_001 }, (_, i) => utf8(`object ${i}`));
    for (let i = 0; i < objects.length; i += 20)
      await Promise.all(objects.slice(i, i + 20).map((bytes) => store.put(bytes)));
    expect(await namesIn(store)).toEqual(objects.map(contentIdOf).sort());
  });

  test("what else lies in the bucket is not the store's", async () => {
    const [prefix, id] = [here.newPrefix(), contentIdOf(utf8("x"))];
    const store = open(prefix);
    await replace(`${prefix}/deeper`, id, utf8("x"));
    await replace(`${prefix}-beside`, id, utf8("x"));
    await replace(prefix, "README.md" as ContentId, utf8("x"));
    expect(await namesIn(store)).toEqual([]);
    expect(await store.get(id)).toBeNull();
  });

  if (conditional)
    test("a large stream is sent once: it does not heal, and says so", async () => {
      const [prefix, id] = [here.newPrefix(), contentIdOf(large)];
      await replace(prefix, id, large.subarray(1));
      const sending = open(prefix).putStream(id, inChunks(large, MiB));
      await expect(sending).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
      expect(await unfinished(prefix)).toEqual([]);
    });

  if (conditional)
    test.each([
      ["small", utf8("content")],
      ["large", large],
    ])("an object is put once, however often it is put: %s", async (_size, bytes) => {
      const [prefix, id] = [here.newPrefix(), contentIdOf(bytes)];
      await replace(prefix, id, bytes, { by: "the first" });
      const store = open(prefix);
      await store.put(bytes);
      await store.putStream(id, inChunks(bytes, MiB));
      expect(await metadataOf(prefix, id)).toEqual({ by: "the first" });
      expect(await unfinished(prefix)).toEqual([]);
    });
});

/** `toEqual` takes seconds for millions of bytes. */
const isSame = (bytes: Uint8Array | null, expected: Uint8Array) =>
  bytes !== null && Buffer.compare(bytes, expected) === 0;

async function* inChunks(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}
