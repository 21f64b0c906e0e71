import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ContentId, type NodeId, type OrderId, systemClock, utf8 } from "@meshwork/foundation";
import { createMetrics, silentLog } from "@meshwork/observability";
import { contentIdOf } from "@meshwork/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { channelPair } from "../chain/testing/channel-pair.ts";
import { blobReply, blobRequest } from "./blob-messages.ts";
import type { Allowance } from "./order-quota.ts";
import { openTaskData, type TaskData } from "./task-data.ts";

const KiB = 1_024;
const orderId = "a".repeat(64) as OrderId;
const worker = "W".repeat(44) as NodeId;
const object = (fill: number, sizeBytes = 30 * KiB) => new Uint8Array(sizeBytes).fill(fill);

let folder: string;
let data: TaskData;
let allowances: Allowance[];
let named: Set<ContentId>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-task-data-"));
  [allowances, named] = [[], new Set()];
  data = await open();
});
afterEach(async () => {
  await data.stop();
  await rm(folder, { recursive: true, force: true });
});

const open = (taskDataStore: string | null = null) =>
  openTaskData(
    {
      clock: systemClock,
      log: silentLog,
      metrics: createMetrics({ processMetrics: false }),
      openChannel: () => Promise.reject(new Error("nobody is there")),
      isNeeded: (id) => named.has(id),
      isOrdered: () => false,
      secretRoot: new Uint8Array(32),
      allowancesOf: () => allowances,
    },
    { folder: join(folder, "node"), objectsBytes: 100 * KiB, taskDataStore },
  );

const isHere = (bytes: Uint8Array) =>
  data.blobs.fetch(contentIdOf(bytes), { hints: [], maxBytes: 100 * KiB }).then(
    () => true,
    () => false,
  );

/** What the node answers to a worker who brings an object. */
async function push(bytes: Uint8Array): Promise<string> {
  const [near, far] = channelPair(worker, worker);
  data.blobs.onChannel(far);
  const frames = near[Symbol.asyncIterator]();
  const reply = async () => {
    const answer = blobReply.decode((await frames.next()).value);
    return answer.kind === "refused" ? answer.code : answer.kind;
  };
  await near.send(
    blobRequest.encode({ kind: "put", id: contentIdOf(bytes), sizeBytes: bytes.length }),
  );
  const first = await reply();
  if (first !== "ready") return first;
  await near.send(bytes);
  return reply();
}

describe("a node whose folder is full", () => {
  test("keeps what an open order needs, lets the rest go, and refuses what then has no room", async () => {
    await data.blobs.put(object(1), { orderId });
    named.add(await data.blobs.put(object(2)));
    for (const fill of [3, 4, 5]) await data.blobs.put(object(fill));
    expect(await Promise.all([1, 2, 3, 4, 5].map((fill) => isHere(object(fill))))).toEqual([
      ...[true, true, false, false, true],
    ]);
    await data.blobs.put(object(6), { orderId });
    await expect(data.blobs.put(object(7))).rejects.toMatchObject({ code: "STORE_FULL" });
    data.release(orderId);
    await data.blobs.put(object(7));
    expect(await isHere(object(2))).toBe(true);
  });

  test("refuses a push by a code, and takes it when an order is over", async () => {
    allowances = [{ orderId, maxBytes: 100 * KiB }];
    for (const fill of [1, 2, 3]) await data.blobs.put(object(fill), { orderId });
    expect(await push(object(4))).toBe("BLOB_QUOTA_EXCEEDED");
    data.release(orderId);
    expect(await push(object(4))).toBe("stored");
  });
});

describe("who works for an order", () => {
  test("may bring what the order allows, which is kept until it is over", async () => {
    expect(await push(object(1))).toBe("BLOB_UNWELCOME");
    allowances = [{ orderId, maxBytes: 40 * KiB }];
    expect(await push(object(1))).toBe("stored");
    expect(await push(object(1))).toBe("stored");
    expect(await push(object(2))).toBe("BLOB_UNWELCOME");
    for (const fill of [3, 4, 5, 6]) await data.blobs.put(object(fill));
    expect(await isHere(object(1))).toBe(true);
  });
});

describe("a restart", () => {
  test("removes what a crash left unfinished, and keeps what an open order's dispatch names", async () => {
    const kept = object(1);
    named.add(await data.blobs.put(kept));
    const unfinished = join(folder, "node", "objects", "unfinished");
    await writeFile(join(unfinished, "half"), "half an object");
    await data.stop();
    data = await open();
    expect(await readdir(unfinished)).toEqual([]);
    for (const fill of [2, 3, 4, 5]) await data.blobs.put(object(fill));
    expect(await isHere(kept)).toBe(true);
  });
});

describe("a folder that several nodes share", () => {
  test("gives each what another has put", async () => {
    const shared = join(folder, "shared");
    await data.stop();
    data = await open(shared);
    await data.blobs.put(object(1));
    await data.stop();
    await rm(join(folder, "node"), { recursive: true });
    data = await open(shared);
    expect(await isHere(object(1))).toBe(true);
  });

  test("and that cannot be used ends the start with a code", async () => {
    await mkdir(join(folder, "shared"));
    await writeFile(join(folder, "shared", "unfinished"), utf8("a file where a folder should be"));
    await data.stop();
    await expect(open(join(folder, "shared"))).rejects.toMatchObject({ code: "STORE_MISSING" });
    data = await open();
  });
});
