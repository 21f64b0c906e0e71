import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { standingNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Chain, openChain } from "../chain.ts";
import { createSnapshot } from "./create-snapshot.ts";
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
