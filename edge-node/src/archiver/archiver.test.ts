import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { StorageError } from "@meshwork/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findSnapshot, listSnapshots, verifySnapshot } from "../chain/snapshot/index.ts";
import { MemorySnapshotStore } from "../chain/snapshot/testing/memory-store.ts";
import { type Chain, openChain } from "../chain/store/chain.ts";
import { Archiver, type ArchiverOptions } from "./archiver.ts";
import { TurnedClock } from "./testing/turned-clock.ts";

/** Blocks are ten seconds apart. */
const network = new TestNetwork();
for (let i = 0; i < 20; i++) network.step({ view: 1, elapsedMs: 10_000 });
const { genesis, blocks } = network;

let folder: string;
let chain: Chain;
let clock: TurnedClock;
let store: MemorySnapshotStore;
let archivers: Archiver[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-archiver-"));
  chain = await openChain({ folder, genesis, log: silentLog });
  [clock, store, archivers] = [new TurnedClock(), new MemorySnapshotStore(), []];
});
afterEach(async () => {
  await Promise.all(archivers.map((archiver) => archiver.stop()));
  await chain.close();
  await rm(folder, { recursive: true, force: true });
});

function archive(options: ArchiverOptions = { everyMs: 50_000 }, openStore = async () => store) {
  const archiver = new Archiver({ chain, openStore, clock, log: silentLog }, options);
  archivers.push(archiver);
  return archiver;
}
const reach = (height: number) => chain.commitFinal(blocks.slice(0, height));
const heights = async () =>
  (await listSnapshots(store)).snapshots.map(({ manifest }) => manifest.height);

/** Lets the archivers look, and do what they then have to do. */
const look = () => clock.advance(5_000);

describe("an archiver", () => {
  test("publishes the first block's state, and then when the newest snapshot is too old", async () => {
    const archiver = archive();
    await look();
    expect(await heights()).toEqual([]);
    for (const height of [1, 2, 5, 6, 7, 11]) {
      await reach(height);
      await look();
    }
    expect(await heights()).toEqual([11, 6, 1]);
    expect(archiver.newest?.manifest.height).toBe(11);
    await verifySnapshot(await findSnapshot(store), store, { genesis, readData: true });
  });

  test("counts blocks too, where they come fast", async () => {
    archive({ everyMs: 3_600_000, everyBlocks: 4 });
    for (let height = 1; height <= 9; height++) {
      await reach(height);
      await look();
    }
    expect(await heights()).toEqual([9, 5, 1]);
  });

  test("goes on where it ended before it was started again", async () => {
    await reach(3);
    await archive().stop();
    archive();
    await look();
    const again = archive();
    await look();
    expect(await heights()).toEqual([3]);
    expect(again.newest?.manifest.height).toBe(3);
    expect(store.manifests.puts).toHaveLength(1);
  });

  test("leaves to another what that has done", async () => {
    await reach(3);
    const [one, other] = [archive(), archive()];
    await look();
    await reach(9);
    await look();
    expect(await heights()).toEqual([9, 3]);
    expect(one.newest).toEqual(other.newest);
  });

  test("that is overtaken takes the other's snapshot for the newest, and is not alarmed", async () => {
    await reach(3);
    const archiver = archive();
    store.anchors.beforeMove = async () => {
      const { createSnapshot } = await import("../chain/snapshot/index.ts");
      await reach(8);
      await createSnapshot(chain.head, store);
    };
    await look();
    expect(archiver.newest?.manifest.height).toBe(8);
  });

  test("keeps as many as it was told", async () => {
    archive({ everyMs: 10_000, keepLast: 2 });
    for (const height of [1, 3, 5]) {
      await reach(height);
      await look();
    }
    expect(await heights()).toEqual([5, 3]);
  });

  test("tries a place that failed again, after a while", async () => {
    await reach(3);
    let [isDown, attempts] = [true, 0];
    archive(undefined, async () => {
      attempts++;
      if (isDown) throw new StorageError("STORE_UNREACHABLE", "no answer");
      return store;
    });
    await look();
    await look();
    expect(attempts).toBe(1);
    isDown = false;
    await clock.advance(300_000);
    await look();
    expect(await heights()).toEqual([3]);
  });

  test("that is stopped in the middle publishes nothing, and the next one goes on", async () => {
    await reach(3);
    const archiver = archive();
    store.chunks.beforePut = () => void archiver.stop();
    clock.turn(5_000);
    await archiver.stop();
    expect(await heights()).toEqual([]);
    store.chunks.beforePut = () => {};
    archive();
    await look();
    expect(await heights()).toEqual([3]);
  });
});
