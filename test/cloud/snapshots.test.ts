import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { openChain } from "@meshwork/edge-node";
import {
  backUpNode,
  createSnapshot,
  findSnapshot,
  listSnapshots,
  openSnapshotStore,
  restoreSnapshot,
  type SnapshotStore,
  verifySnapshot,
} from "@meshwork/edge-node/snapshot";
import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { chainIdOf } from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buckets, type TestBucket, type TestTable, tables } from "./clouds.ts";

/** A task from order to verdict: every kind of record. */
const network = new TestNetwork();
const actors = new Actors(network);
actors.finish(actors.order());
const { genesis, blocks } = network;
/** Small, so that this state has several chunks. */
const bounds = { minBytes: 500, maxBytes: 3_000 };

/** The n-th bucket with the n-th table: what is deployed together. */
const clouds = buckets.flatMap((bucket, i) => {
  const table = tables[i];
  return table === undefined ? [] : [{ name: `${bucket.name} and ${table.name}`, bucket, table }];
});

describe.each(clouds)("snapshots in the cloud, on $name", ({ bucket, table }) => {
  let objects: TestBucket;
  let anchors: TestTable;
  beforeAll(async () => {
    [objects, anchors] = [await bucket.start(), await table.start()];
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
    // As the programs are told: by the standard environment, and no code of ours.
    if (objects.connection) process.env.AWS_ENDPOINT_URL_S3 = objects.connection.endpoint;
    if (anchors.connection) process.env.AWS_ENDPOINT_URL_DYNAMODB = anchors.connection.endpoint;
    process.env.AWS_REGION ??= "us-east-1";
    process.env.AWS_ACCESS_KEY_ID = AWS_ACCESS_KEY_ID ?? "test";
    process.env.AWS_SECRET_ACCESS_KEY = AWS_SECRET_ACCESS_KEY ?? "secret";
  });
  afterAll(async () => {
    await objects?.stop();
    await anchors?.stop();
    delete process.env.AWS_ENDPOINT_URL_S3;
    delete process.env.AWS_ENDPOINT_URL_DYNAMODB;
  });

  let folder: string;
  let prefix: string;
  let store: SnapshotStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "meshwork-cloud-"));
    prefix = objects.newPrefix();
    // A chain of its own in the table; whose snapshots they are is told by the manifests.
    store = await open({ chainId: anchors.newChain() });
    await reach("node", blocks.length);
  });
  afterEach(async () => {
    // A real account is left as it was.
    for (const key of await keys()) await deleteAt(key);
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (change: {
    bucket?: string;
    table?: string;
    chainId: ReturnType<typeof chainIdOf>;
  }) =>
    openSnapshotStore({
      address: `s3://${change.bucket ?? objects.bucket}/${prefix}`,
      anchors: `dynamodb://${change.table ?? anchors.table}`,
      chainId: change.chainId,
    });

  async function reach(name: string, height: number): Promise<void> {
    const chain = await openAt(name);
    await chain.commitFinal(blocks.slice(0, height));
    await chain.close();
  }
  const openAt = (name: string) =>
    openChain({ folder: join(folder, name, "chain"), genesis, log: silentLog });
  const backUp = () => backUpNode(store, { folder: join(folder, "node"), genesis, bounds });

  async function restored(): Promise<void> {
    const found = await findSnapshot(store);
    await restoreSnapshot(found, store, { genesis, folder: join(folder, "back") });
  }
  const refusal = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "nothing was refused",
      ({ code }) => String(code),
    );
  const verified = async () =>
    verifySnapshot(await findSnapshot(store), store, { genesis, readData: true });

  /** Every object below the prefix, as S3 has it. */
  async function keys(): Promise<string[]> {
    const command = new ListObjectsV2Command({ Bucket: objects.bucket, Prefix: `${prefix}/` });
    const { Contents = [] } = await objects.client.send(command);
    return Contents.map(({ Key = "" }) => Key);
  }
  async function bytesAt(Key: string): Promise<Uint8Array> {
    const { Body } = await objects.client.send(
      new GetObjectCommand({ Bucket: objects.bucket, Key }),
    );
    return (await Body?.transformToByteArray()) ?? new Uint8Array(0);
  }
  const putAt = (Key: string, Body: Uint8Array) =>
    objects.client.send(new PutObjectCommand({ Bucket: objects.bucket, Key, Body }));
  const deleteAt = (Key: string) =>
    objects.client.send(new DeleteObjectCommand({ Bucket: objects.bucket, Key }));

  test("bring a destroyed ledger back with the same state root", async () => {
    const { manifest } = await backUp();
    expect(manifest.chunks.length).toBeGreaterThan(2);
    await rm(join(folder, "node"), { recursive: true });
    await restored();
    const chain = await openAt("back");
    expect(chain.head.height).toBe(blocks.length);
    expect(chain.head.state.root()).toBe(network.state.root());
    await chain.close();
  });

  test("are not sent twice", async () => {
    const first = await backUp();
    const again = await backUp();
    expect([first.reused, again.reused]).toEqual([0, first.chunks]);
    expect(again.id).toBe(first.id);
  });

  test("are refused with a reason, whatever was damaged, and nothing is restored", async () => {
    await backUp();
    const wounds: [name: string, (bytes: Uint8Array) => Uint8Array][] = [
      [
        "a flipped bit",
        (bytes) => bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 4 : byte)),
      ],
      ["a cut", (bytes) => bytes.subarray(0, bytes.length - 1)],
      ["a surplus", (bytes) => Uint8Array.of(...bytes, 0)],
      ["nothing left", () => new Uint8Array(0)],
    ];
    for (const key of await keys()) {
      const [bytes, kind] = [await bytesAt(key), key.includes("/chunks/") ? "CHUNK" : "MANIFEST"];
      for (const [name, wound] of wounds) {
        await putAt(key, wound(bytes));
        expect([name, await refusal(verified())]).toEqual([name, `SNAPSHOT_${kind}_DAMAGED`]);
        expect([name, await refusal(restored())]).toEqual([name, `SNAPSHOT_${kind}_DAMAGED`]);
      }
      await deleteAt(key);
      const gone = kind === "CHUNK" ? "SNAPSHOT_CHUNK_MISSING" : "SNAPSHOT_NOT_FOUND";
      expect(await refusal(restored())).toBe(gone);
      await putAt(key, bytes);
    }
    expect(await readdir(folder)).toEqual(["node"]);
    await restored();
  });

  test("of a newer format, or of another network, are told from damage", async () => {
    await backUp();
    const newer = Uint8Array.of(0x81, 2);
    const key = `${prefix}/manifests/${contentIdOf(newer)}`;
    await putAt(key, newer);
    const { unreadable } = await listSnapshots(store);
    expect(unreadable.map(({ error }) => error.code)).toEqual(["SNAPSHOT_FORMAT_NEWER"]);
    await deleteAt(key);
    const other = { genesis: new TestNetwork({ members: 7 }).genesis };
    const found = await findSnapshot(store);
    expect(await refusal(verifySnapshot(found, store, other))).toBe("SNAPSHOT_OTHER_NETWORK");
  });

  test("of archivers that race are all whole, and the head is the highest", async () => {
    const heights = [blocks.length - 3, blocks.length - 2, blocks.length - 1];
    const heads = await Promise.all(
      heights.map(async (height) => {
        await reach(`at-${height}`, height);
        const chain = await openAt(`at-${height}`);
        await chain.close();
        return chain.head;
      }),
    );
    const codes = await Promise.all(
      heads.map((head) =>
        createSnapshot(head, store, { bounds }).then(
          () => "published",
          ({ code }) => String(code),
        ),
      ),
    );
    for (const code of codes) expect(["published", "SNAPSHOT_OVERTAKEN"]).toContain(code);
    expect(codes.at(-1)).toBe("published");
    expect((await store.anchors.head())?.height).toBe(heights.at(-1));
    for (const found of (await listSnapshots(store)).snapshots)
      await verifySnapshot(found, store, { genesis, readData: true });
  });

  test("in a bucket or with a table that is not there are refused by name", async () => {
    const chainId = chainIdOf(genesis);
    for (const wrong of [{ bucket: "nobodys-bucket" }, { table: "nobodys-table" }]) {
      const elsewhere = await open({ ...wrong, chainId });
      const code = await refusal(backUpNode(elsewhere, { folder: join(folder, "node"), genesis }));
      expect(code).toBe("STORE_MISSING");
      await elsewhere.close();
    }
  });

  test("whose head somebody has scribbled over are not published over", async () => {
    const chainId = anchors.newChain();
    const scribbled = await open({ chainId });
    await anchors.client.send(
      new PutItemCommand({
        TableName: anchors.table,
        Item: { chain: { S: chainId }, entry: { S: "head" }, height: { N: "3" }, hash: { S: "?" } },
      }),
    );
    const code = await refusal(backUpNode(scribbled, { folder: join(folder, "node"), genesis }));
    expect(code).toBe("ANCHOR_DAMAGED");
    await scribbled.close();
  });
});
