import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ContentId, limits, type NodeId, utf8 } from "@meshwork/foundation";
import { createMetrics, silentLog } from "@meshwork/observability";
import { contentIdOf, type ObjectStore, openFolderStore } from "@meshwork/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Blobs, createBlobs } from "./blobs.ts";
import { openPendingUploads, type PendingUploads } from "./pending-uploads.ts";
import { createSharedStore } from "./shared-store.ts";
import { BrokenStore } from "./testing/broken-store.ts";
import { type HastyClock, hastyClock } from "./testing/hasty-clock.ts";
import { Neighbours } from "./testing/neighbours.ts";

const [alice, bob] = ["A", "B"].map((letter) => letter.repeat(44)) as [NodeId, NodeId];
const bytes = utf8("sealed content of a task");
const id = contentIdOf(bytes);
const lies = utf8("something else of a task");
const options = { hints: [bob], maxBytes: 1_000 };

let folder: string;
let remote: BrokenStore;
let clock: HastyClock;
let neighbours: Neighbours;
const running: PendingUploads[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-shared-"));
  remote = new BrokenStore();
  [clock, neighbours] = [hastyClock(), new Neighbours()];
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((uploads) => uploads.stop()));
  await rm(folder, { recursive: true, force: true });
});

interface Node {
  blobs: Blobs;
  store: ObjectStore;
  uploads: PendingUploads;
  /** Of the shared store, by operation and code. */
  failures(): Promise<string[]>;
}

/** A node with a folder of its own, beside the store that all share. Started again it finds its folder. */
async function node(nodeId: NodeId, needed: ContentId[] = []): Promise<Node> {
  const metrics = createMetrics({ processMetrics: false });
  const bounds = { maxTotalBytes: 10_000, maxObjectBytes: 1_000 };
  const store = await openFolderStore({ folder: join(folder, nodeId), ...bounds });
  const shared = createSharedStore({ store: remote, clock, log: silentLog, metrics });
  const upload = async (wanted: ContentId) => {
    const found = await store.get(wanted);
    return found === null || (await shared.put(found));
  };
  const parts = { upload, clock, log: silentLog, metrics };
  const uploads = await openPendingUploads(parts, join(folder, `${nodeId}-uploads`));
  running.push(uploads);
  const blobs = createBlobs({
    ...{ store, clock, log: silentLog, shared: { store: shared, uploads } },
    isNeeded: (wanted) => needed.includes(wanted),
    admitPut: () => true,
    openChannel: neighbours.openChannel(nodeId),
  });
  neighbours.answer(nodeId, blobs.onChannel);
  const failures = async () =>
    [...(await metrics.text()).matchAll(/_failures_total\{operation="(\w+)",code="(\w+)"\}/g)].map(
      ([, operation, code]) => `${operation} ${code}`,
    );
  return { blobs, store, uploads, failures };
}

describe("data that a node puts", () => {
  test("is in the shared store when the put resolves: a node that leaves takes nothing with it", async () => {
    const [me, peer] = [await node(alice), await node(bob)];
    await peer.blobs.put(bytes);
    neighbours.leave(bob);
    expect(remote.objects.get(id)).toEqual(bytes);
    expect(await me.blobs.fetch(id, options)).toEqual(bytes);
    expect(await me.store.has(id)).toBe(true);
  });

  test("that it took from a peer is there too, before the peer is told that it is stored", async () => {
    const [me] = [await node(alice), await node(bob)];
    await me.blobs.push(bob, bytes);
    expect(remote.objects.get(id)).toEqual(bytes);
  });

  test("unsealed stays on this machine, and is asked of peers alone", async () => {
    const [me, peer] = [await node(alice), await node(bob)];
    await peer.blobs.put(bytes, { unsealed: true });
    expect(await me.blobs.fetch(id, { ...options, unsealed: true })).toEqual(bytes);
    expect(remote.asked).toEqual([]);
    expect(me.uploads.size).toBe(0);
  });
});

describe.each([
  "STORE_UNREACHABLE",
  "STORE_BUSY",
  "STORE_FORBIDDEN",
  "STORE_MISSING",
  "CLOCK_SKEWED",
  "STORE_REFUSED",
] as const)("when the shared store answers %s", (code) => {
  test("the node goes on with its peers, and counts it", async () => {
    const [me, peer] = [await node(alice), await node(bob)];
    remote.fails = code;
    await peer.blobs.put(bytes);
    expect(await me.blobs.fetch(id, options)).toEqual(bytes);
    expect(await me.failures()).toEqual([`read ${code}`]);
    expect(await peer.failures()).toEqual([`write ${code}`]);
  });

  test("what it did not take it is given later, also by a process that comes after", async () => {
    remote.fails = code;
    const before = await node(alice);
    await before.blobs.put(bytes);
    expect(before.uploads.size).toBe(1);
    await before.uploads.stop();
    remote.fails = null;
    clock.pass(limits.taskDataLongestRestMs);
    const { uploads } = await node(alice);
    await expect.poll(() => uploads.size).toBe(0);
    expect(remote.objects.get(id)).toEqual(bytes);
    expect(await readdir(join(folder, `${alice}-uploads`))).toEqual([]);
  });
});

describe("a shared store that fails", () => {
  test("is left alone for a while, longer each time, and used again when it answers", async () => {
    const { blobs } = await node(alice);
    remote.fails = "STORE_UNREACHABLE";
    const miss = () => blobs.fetch(id, { ...options, hints: [] }).catch(() => {});
    const asks = async (afterMs: number) => {
      clock.pass(afterMs);
      const before = remote.asked.length;
      await miss();
      return remote.asked.length - before;
    };
    expect(await asks(0)).toBe(1);
    expect(await asks(limits.taskDataRestMs - 1)).toBe(0);
    expect(await asks(1)).toBe(1);
    expect(await asks(2 * limits.taskDataRestMs - 1)).toBe(0);
    remote.fails = null;
    expect(await asks(1)).toBe(1);
    expect(await asks(0)).toBe(1);
  });

  test("and that hangs holds nobody up whose time is over", async () => {
    const { blobs } = await node(alice);
    const { promise, resolve } = Promise.withResolvers<void>();
    remote.slow = promise;
    const abort = new AbortController();
    const fetching = blobs.fetch(id, { ...options, signal: abort.signal });
    await expect.poll(() => remote.asked.length).toBe(1);
    abort.abort(new Error("its time is over"));
    await expect(fetching).rejects.toThrow("its time is over");
    resolve();
  });

  test("and that hangs holds no task up: peers are asked beside it, and what it should take waits", async () => {
    const [me, peer] = [await node(alice), await node(bob)];
    const { promise, resolve } = Promise.withResolvers<void>();
    remote.slow = promise;
    await peer.blobs.put(bytes);
    expect(peer.uploads.size).toBe(1);
    expect(await me.blobs.fetch(id, options)).toEqual(bytes);
    resolve();
    await expect.poll(() => peer.uploads.size).toBe(0);
    expect(remote.objects.get(id)).toEqual(bytes);
  });

  test("holds a few in memory at a time, and has a short line", async () => {
    const { blobs } = await node(alice);
    const { promise, resolve } = Promise.withResolvers<void>();
    remote.slow = promise;
    const asking = limits.taskDataTransfers + limits.taskDataWaiting;
    const waiting = Array.from({ length: asking }, () =>
      blobs.fetch(id, { ...options, hints: [] }).catch(({ code }) => code),
    );
    await expect.poll(() => remote.asked.length).toBe(limits.taskDataTransfers);
    const late = await blobs.fetch(id, { ...options, hints: [] }).catch(({ code }) => code);
    expect(late).toBe("BLOB_UNAVAILABLE");
    expect(remote.asked.length).toBe(limits.taskDataTransfers);
    resolve();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["BLOB_UNAVAILABLE"]));
    expect(remote.asked.length).toBe(asking);
  });
});

describe("an object of the shared store", () => {
  test.each([
    ["missing", () => remote.objects.delete(id)],
    ["something else", () => remote.objects.set(id, lies)],
    ["much larger than it may be", () => remote.objects.set(id, new Uint8Array(5_000))],
  ])("that is %s is fetched from a peer, and healed", async (_what, hurt) => {
    const [me, peer] = [await node(alice), await node(bob)];
    await peer.blobs.put(bytes);
    hurt();
    expect(await me.blobs.fetch(id, options)).toEqual(bytes);
    await expect.poll(() => remote.objects.get(id)).toEqual(bytes);
  });

  test("that is something else is never returned, nor kept, nor served", async () => {
    const [me, peer] = [await node(alice), await node(bob, [id])];
    remote.objects.set(id, lies);
    await expect(me.blobs.fetch(id, options)).rejects.toMatchObject({ code: "BLOB_UNAVAILABLE" });
    expect(await me.store.has(id)).toBe(false);
    expect(await peer.store.has(id)).toBe(false);
    expect(await me.failures()).toEqual(["read OBJECT_DAMAGED"]);
  });

  test("is served to a peer who cannot read the store, if an order needs it here and only then", async () => {
    remote.objects.set(id, bytes);
    await node(bob, [id]);
    const me = createBlobs({
      store: await openFolderStore({
        folder: join(folder, "home"),
        maxTotalBytes: 1_000,
        maxObjectBytes: 1_000,
      }),
      ...{ clock, log: silentLog },
      openChannel: neighbours.openChannel(alice),
    });
    expect(await me.fetch(id, options)).toEqual(bytes);
    const other = contentIdOf(lies);
    remote.objects.set(other, lies);
    await expect(me.fetch(other, options)).rejects.toMatchObject({ code: "BLOB_UNAVAILABLE" });
  });
});

test("what is damaged here and in the shared store comes from a peer, and both are healed", async () => {
  const [me, peer] = [await node(alice), await node(bob)];
  await me.blobs.put(bytes);
  await peer.blobs.put(bytes);
  await writeFile(join(folder, alice, id.slice(-3, -1), id), lies);
  remote.objects.set(id, lies);
  expect(await me.blobs.fetch(id, options)).toEqual(bytes);
  expect(await me.store.get(id)).toEqual(bytes);
  await expect.poll(() => remote.objects.get(id)).toEqual(bytes);
});
