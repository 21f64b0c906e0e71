import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BlockHash, systemClock } from "@meshwork/foundation";
import { standingNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { type Header, headerHash } from "@meshwork/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Chain, openChain } from "../store/chain.ts";
import { createSnapshot } from "./create-snapshot.ts";
import { joinBySnapshot } from "./join-by-snapshot.ts";
import { storeSource } from "./join-from-store.ts";
import { findSnapshot } from "./list-snapshots.ts";
import { restoreSnapshot } from "./restore-snapshot.ts";
import { changed } from "./testing/forge.ts";
import { MemorySnapshotStore } from "./testing/memory-store.ts";
import { verifySnapshot } from "./verify-snapshot.ts";

/** Three committees, one after the other. */
const network = standingNetwork();
network.passEpoch();
network.passEpoch();
network.step({ view: 1 });
const before = network.blocks.length;
network.passEpoch();
const { genesis, blocks } = network;

let folder: string;
let store: MemorySnapshotStore;
let chain: Chain;
const openAt = (name: string) =>
  openChain({ folder: join(folder, name, "chain"), genesis, log: silentLog });
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-epochs-"));
  store = new MemorySnapshotStore();
  chain = await openAt("node");
  await chain.commitFinal(blocks.slice(0, before));
  await createSnapshot(chain.head, store, { handOvers: await chain.handOvers(0) });
});
afterAll(async () => {
  await chain.close();
  await rm(folder, { recursive: true, force: true });
});

test("a snapshot of a later epoch is believed by who knows the genesis alone, and goes on from there", async () => {
  const found = await findSnapshot(store);
  expect(found.manifest.handOver).toHaveLength(2);
  await restoreSnapshot(found, store, { genesis, folder: join(folder, "me") });
  const mine = await openAt("me");
  await mine.commitFinal(blocks);
  expect(mine.head.state.root()).toBe(network.state.root());
  // It can prove itself to others as well as those can who have all blocks.
  const again = new MemorySnapshotStore();
  await createSnapshot(mine.head, again, { handOvers: await mine.handOvers(0) });
  await verifySnapshot(await findSnapshot(again), again, { genesis, readData: true });
  await mine.close();
});

test("a hand-over that is missing, doubled, or somebody else's is refused", async () => {
  const found = await findSnapshot(store);
  const { handOver, certificate } = found.manifest;
  const [first, second] = handOver;
  if (!first || !second) throw new Error("two hand-overs, please");
  for (const forged of [
    [],
    [first],
    [second],
    [first, first, second],
    [first, { ...second, certificate }],
    [first, { ...second, committee: first.committee }],
  ])
    await expect(
      verifySnapshot(changed(found, { handOver: forged }), store, { genesis }),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/^SNAPSHOT_(HEADER_UNPROVEN|MANIFEST_DAMAGED)$/),
    });
});

describe("in a network older than the trust period", () => {
  const later = genesis.time + 30 * 86_400_000;
  const verify = async (checkpoint?: { height: number; hash: BlockHash }, now = later) =>
    verifySnapshot(await findSnapshot(store), store, { genesis, trust: { now, checkpoint } });
  const named = (header: Header) => ({ height: header.height, hash: headerHash(header) });
  const ends = () => network.handOvers.map(({ header }) => header);
  const unanchored = { code: "SNAPSHOT_UNANCHORED" };

  test("nobody joins by the genesis alone: its keys may have been stolen since", async () => {
    await expect(verify()).rejects.toMatchObject(unanchored);
    await verify(undefined, genesis.time + 86_400_000);
  });

  test("a checkpoint that is young enough opens it, and an old one does not", async () => {
    const end = ends()[1] as Header;
    await verify(named(end), end.time + 20 * 86_400_000);
    await expect(verify(named(end))).rejects.toMatchObject(unanchored);
  });

  test("the very block that somebody trusts needs no keys, however old it is", async () => {
    await verify(named((await findSnapshot(store)).manifest.header));
  });

  test("a checkpoint of another hash, or one that is not shown, is refused", async () => {
    const end = ends()[1] as Header;
    const wrong = { height: end.height, hash: "ab".repeat(32) as BlockHash };
    const unknown = { ...named(end), height: end.height + 1 };
    for (const checkpoint of [wrong, unknown])
      await expect(verify(checkpoint, end.time)).rejects.toMatchObject(unanchored);
  });

  test("a forged chain up to the checkpoint gains nothing: the checkpoint names its own committee", async () => {
    const found = await findSnapshot(store);
    const [first, second] = found.manifest.handOver;
    if (!first || !second) throw new Error("two hand-overs, please");
    const forged = { ...first, committee: { ...first.committee, seats: second.committee.seats } };
    const work = verifySnapshot(changed(found, { handOver: [forged, second] }), store, {
      ...{ genesis, trust: { now: second.header.time, checkpoint: named(second.header) } },
    });
    await expect(work).rejects.toMatchObject({ code: expect.stringMatching(/^SNAPSHOT_/) });
  });

  test("a node that was away joins by what it has checked itself", async () => {
    const joins = async (name: string, height: number, now: number) => {
      const mine = await openAt(name);
      await mine.commitFinal(blocks.slice(0, height));
      await mine.close();
      return joinBySnapshot(
        {
          clock: { ...systemClock, now: () => now },
          log: silentLog,
          sources: [storeSource(async () => store)],
        },
        { folder: join(folder, name), genesis, minBlocks: 1 },
      );
    };
    const end = ends()[0] as Header;
    const young = end.time + 21 * 86_400_000;
    expect(young).toBeGreaterThan(genesis.time + 21 * 86_400_000);
    expect(await joins("in the first epoch", 1, young)).toBeNull();
    expect(await joins("in the second", end.height, young)).toBe(before);
  });
});
