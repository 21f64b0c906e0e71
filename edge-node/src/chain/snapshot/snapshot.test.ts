import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { chainIdOf, type FinalizedBlock } from "@meshwork/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Chain, openChain } from "../store/chain.ts";
import { backUpNode } from "./back-up-node.ts";
import { createSnapshot } from "./create-snapshot.ts";
import { findSnapshot, listSnapshots } from "./list-snapshots.ts";
import { openSnapshotStore } from "./open-snapshot-store.ts";
import { pruneSnapshots } from "./prune-snapshots.ts";
import { restoreSnapshot } from "./restore-snapshot.ts";
import { MemorySnapshotStore } from "./testing/memory-store.ts";
import { verifySnapshot } from "./verify-snapshot.ts";

/** A task from order to verdict: every kind of record. */
const network = new TestNetwork();
const actors = new Actors(network);
actors.finish(actors.order());
const { genesis, blocks } = network;
const last = blocks.length;
const chainId = chainIdOf(genesis);
/** Small, so that this state has several chunks. */
const bounds = { minBytes: 500, maxBytes: 3_000 };

let root: string;
let chain: Chain;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "meshwork-snapshot-"));
  chain = await openAt("node");
  await chain.commitFinal(blocks);
});
afterEach(async () => {
  await chain.close();
  await rm(root, { recursive: true, force: true });
});

const openAt = (name: string) =>
  openChain({ folder: join(root, name, "chain"), genesis, log: silentLog });
const openFolder = () => openSnapshotStore({ address: join(root, "store"), chainId, create: true });
const readData = { genesis, readData: true };

/** The head as it was after the block of `height`. */
async function headAt(height: number) {
  const earlier = await openAt(`at-${height}`);
  await earlier.commitFinal(blocks.slice(0, height));
  await earlier.close();
  return earlier.head;
}

describe("a snapshot", () => {
  test("comes back from a folder as the same state, which goes on where it ended", async () => {
    const head = await headAt(last - 3);
    const store = await openFolder();
    const created = await createSnapshot(head, store, { bounds });
    expect(created.chunks).toBeGreaterThan(2);
    const found = await findSnapshot(store);
    expect(found).toEqual({ id: created.id, manifest: created.manifest });
    await verifySnapshot(found, store, readData);
    await restoreSnapshot(found, store, { genesis, folder: join(root, "new") });
    await store.close();

    const restored = await openAt("new");
    expect(restored.head).toMatchObject({ height: last - 3, hash: head.hash, header: head.header });
    expect(restored.head.certificate).toEqual(head.certificate);
    expect(restored.head.state.root()).toBe(head.state.root());
    expect(restored.base).toBe(last - 3);
    expect(await restored.blockAt(last - 3)).toBeNull();
    // What consensus may still decide, since it lags behind.
    await restored.commit(blocks[last - 4] as FinalizedBlock);
    await restored.commit(blocks[0] as FinalizedBlock);
    await restored.commitFinal(blocks);
    expect(restored.head.state.root()).toBe(network.state.root());
    // A seat that lags behind where this one begins must hear that it was decided.
    const { certificate } = head;
    expect(await restored.decisionAt(last - 3)).toEqual({ kind: "certificate", certificate });
    expect(await restored.decisionAt(last)).toMatchObject({ kind: "finalized" });
    expect(await restored.decisionAt(last - 4)).toBeNull();
    await restored.close();

    const again = await openAt("new");
    expect(again.head.hash).toBe(chain.head.hash);
    const seen: number[] = [];
    for await (const { height } of again.follow({ after: 0, signal: AbortSignal.timeout(5_000) })) {
      seen.push(height);
      if (height === last) break;
    }
    expect(seen).toEqual([last - 2, last - 1, last]);
    await again.close();
  });

  test("is the same for every archiver of one height", async () => {
    const [one, other] = [new MemorySnapshotStore(), new MemorySnapshotStore()];
    const first = await createSnapshot(chain.head, one, { bounds });
    const second = await createSnapshot(chain.head, other, { bounds });
    expect(second.id).toBe(first.id);
  });

  test("holds the state and nothing else: no vote key, no log", async () => {
    await mkdir(join(root, "node", "vote"));
    await writeFile(join(root, "node", "vote", "vote-key.json"), "a secret");
    const store = await openFolder();
    await chain.close();
    const { manifest } = await backUpNode(store, { folder: join(root, "node"), genesis, bounds });
    await restoreSnapshot(await findSnapshot(store), store, { genesis, folder: join(root, "new") });
    expect(await readdir(join(root, "new"))).toEqual(["chain"]);
    expect(manifest.totals.leaves).toBe([...chain.head.state.leaves()].length);
    await store.close();
  });

  test("that was interrupted leaves nothing to find, and is taken up where it ended", async () => {
    const store = new MemorySnapshotStore();
    let left = 2;
    store.chunks.beforePut = () => {
      if (left-- === 0) throw new Error("the line is cut");
    };
    await expect(createSnapshot(chain.head, store, { bounds })).rejects.toThrow("cut");
    expect(await listSnapshots(store)).toEqual({ snapshots: [], unreadable: [] });
    expect(await store.anchors.head()).toBeNull();
    store.chunks.beforePut = () => {};
    const told: number[] = [];
    const onProgress = ({ reused }: { reused: number }) => told.push(reused);
    const created = await createSnapshot(chain.head, store, { bounds, onProgress });
    expect(created.reused).toBe(2);
    expect(told.slice(0, 3)).toEqual([1, 2, 2]);
    expect(store.chunks.puts).toHaveLength(created.chunks);
    await verifySnapshot(await findSnapshot(store), store, readData);
  });
});

describe("two archivers", () => {
  const overtaken = { code: "SNAPSHOT_OVERTAKEN" };

  test("race for the head: the higher one has it, and the lower one's snapshot is whole all the same", async () => {
    const store = new MemorySnapshotStore();
    const lower = await headAt(last - 1);
    store.anchors.beforeMove = async () => {
      await createSnapshot(chain.head, store, { bounds });
    };
    await expect(createSnapshot(lower, store, { bounds })).rejects.toMatchObject(overtaken);
    expect(await store.anchors.head()).toEqual({ height: last, hash: chain.head.hash });
    await verifySnapshot(await findSnapshot(store, { height: last - 1 }), store, readData);
  });

  test("race for the head: who is overtaken by a lower one goes on", async () => {
    const store = new MemorySnapshotStore();
    const lower = await headAt(last - 1);
    store.anchors.beforeMove = async () => {
      await createSnapshot(lower, store, { bounds });
    };
    await createSnapshot(chain.head, store, { bounds });
    expect((await store.anchors.head())?.height).toBe(last);
  });

  test("of one height agree", async () => {
    const store = new MemorySnapshotStore();
    store.anchors.beforeMove = async () => {
      await createSnapshot(chain.head, store, { bounds });
    };
    await createSnapshot(chain.head, store, { bounds });
    expect((await listSnapshots(store)).snapshots).toHaveLength(1);
  });

  test("do not publish what is lower than what is there, and need not upload it to be told", async () => {
    const store = new MemorySnapshotStore();
    await createSnapshot(chain.head, store, { bounds });
    const { length } = store.chunks.puts;
    await expect(createSnapshot(await headAt(1), store)).rejects.toMatchObject(overtaken);
    expect(store.chunks.puts).toHaveLength(length);
  });

  test("do not share a folder at the same moment", async () => {
    const store = await openFolder();
    await expect(openFolder()).rejects.toMatchObject({ code: "SNAPSHOT_STORE_LOCKED" });
    await store.close();
  });
});

describe("pruning", () => {
  async function threeSnapshots() {
    const store = new MemorySnapshotStore();
    for (const height of [last - 2, last - 1, last])
      await createSnapshot(await headAt(height), store, { bounds });
    return store;
  }

  test("keeps the newest and all that they need, and nothing that only the old ones needed", async () => {
    const store = await threeSnapshots();
    const planned = await pruneSnapshots(store, { keepLast: 2, dryRun: true });
    expect((await listSnapshots(store)).snapshots).toHaveLength(3);
    expect(await pruneSnapshots(store, { keepLast: 2 })).toEqual(planned);
    const { snapshots } = await listSnapshots(store);
    expect(snapshots.map(({ manifest }) => manifest.height)).toEqual([last, last - 1]);
    for (const found of snapshots) await verifySnapshot(found, store, readData);
    const needed = snapshots.flatMap(({ manifest }) => manifest.chunks.map((ref) => ref.content));
    expect(new Set(store.chunks.objects.keys())).toEqual(new Set(needed));
  });

  test("leaves alone what belongs to no snapshot yet", async () => {
    const store = await threeSnapshots();
    const underWay = await store.chunks.put(Uint8Array.of(1));
    await pruneSnapshots(store, { keepLast: 1 });
    expect(await store.chunks.has(underWay)).toBe(true);
  });

  test("takes what was given up long ago, where it is told to, and leaves what may be under way", async () => {
    const store = await threeSnapshots();
    const [old, underWay] = [
      await store.chunks.put(Uint8Array.of(1)),
      await store.chunks.put(Uint8Array.of(2)),
    ];
    for (const id of store.chunks.objects.keys()) store.chunks.times.set(id, 1_000);
    store.chunks.times.set(underWay, 2_000);
    const pruned = await pruneSnapshots(store, { keepLast: 3, orphansBefore: 1_500 });
    expect(pruned).toMatchObject({ snapshots: [], chunks: 0, orphans: 1 });
    expect(await store.chunks.has(old)).toBe(false);
    expect(await store.chunks.has(underWay)).toBe(true);
    for (const found of (await listSnapshots(store)).snapshots)
      await verifySnapshot(found, store, readData);
  });

  test("deletes nothing while it cannot read what a snapshot needs", async () => {
    const store = await threeSnapshots();
    await store.manifests.put(Uint8Array.of(0x81, 2));
    const pruned = pruneSnapshots(store, { keepLast: 1 });
    await expect(pruned).rejects.toMatchObject({ code: "SNAPSHOT_FORMAT_NEWER" });
    expect((await listSnapshots(store)).snapshots).toHaveLength(3);
  });
});
