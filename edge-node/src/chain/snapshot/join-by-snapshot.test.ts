import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ContentId, type NodeId, systemClock } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { snapshotManifest } from "@meshwork/protocol";
import { StorageError } from "@meshwork/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Chain, openChain } from "../store/chain.ts";
import { MemoryNetwork } from "../testing/memory-network.ts";
import { createSnapshot } from "./create-snapshot.ts";
import { type JoinSource, joinBySnapshot } from "./join-by-snapshot.ts";
import { storeSource } from "./join-from-store.ts";
import { findSnapshot } from "./list-snapshots.ts";
import { peerSource } from "./peers/peer-source.ts";
import { serveSnapshots } from "./peers/serve-snapshots.ts";
import { snapshotOffer } from "./peers/snapshot-offer.ts";
import { flipped } from "./testing/forge.ts";
import { MemorySnapshotStore } from "./testing/memory-store.ts";

const network = new TestNetwork();
for (let i = 0; i < 12; i++) network.step({ view: 1 });
const { genesis, blocks } = network;
/** A day after the genesis. */
const young = { ...systemClock, now: () => genesis.time + 86_400_000 };
const bounds = { minBytes: 500, maxBytes: 3_000 };
const SNAPSHOTS = "/test/snapshots";

let folder: string;
let store: MemorySnapshotStore;
let peers: MemoryNetwork;
let warnings: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-join-"));
  store = new MemorySnapshotStore();
  for (const height of [6, 10]) await publish(store, height);
  [peers, warnings] = [new MemoryNetwork(), []];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const openAt = (name: string): Promise<Chain> =>
  openChain({ folder: join(folder, name, "chain"), genesis, log: silentLog });

async function reach(name: string, height: number): Promise<void> {
  const chain = await openAt(name);
  await chain.commitFinal(blocks.slice(0, height));
  await chain.close();
}

async function publish(to: MemorySnapshotStore, height: number): Promise<void> {
  await reach(`at-${height}`, height);
  const chain = await openAt(`at-${height}`);
  await createSnapshot(chain.head, to, { bounds });
  await chain.close();
}

/** A node in this state joins; the height that its ledger has afterwards. */
async function joined(
  sources: JoinSource[],
  options: { minAgeMs?: number; minBlocks?: number } = {},
): Promise<number> {
  const log = {
    ...silentLog,
    warn: (_message: string, fields = {}) => void warnings.push((fields as { code: string }).code),
  };
  await joinBySnapshot(
    { clock: young, log, sources },
    { folder: join(folder, "me"), genesis, minAgeMs: -Infinity, minBlocks: 1, ...options },
  );
  const chain = await openAt("me");
  const { height, state, header } = chain.head;
  expect(state.root()).toBe(header.stateRoot);
  await chain.commitFinal(blocks);
  expect(chain.head.state.root()).toBe(network.state.root());
  await chain.close();
  return height;
}

type Peer = Partial<{
  get: (store: MemorySnapshotStore) => Parameters<typeof serveSnapshots>[0]["get"];
}>;

/** Three peers that keep what the store holds, each as it behaves. */
async function fromPeers(...behaviours: [Peer, Peer, Peer]): Promise<JoinSource> {
  const names = behaviours.map((_, i) => `peer-${i}` as NodeId);
  for (const [i, { get = honest }] of behaviours.entries()) {
    const serve = serveSnapshots({ get: get(store), clock: systemClock, log: silentLog });
    await peers.channels(names[i] as NodeId).serve(SNAPSHOTS, serve);
  }
  const { id, manifest } = await findSnapshot(store);
  const channels = peers.channels("me" as NodeId);
  return peerSource(
    {
      ...{ clock: systemClock, log: silentLog },
      candidates: () => names,
      ask: async () =>
        snapshotOffer.encode({ kind: "offer", height: manifest.height, manifest: id }),
      openChannel: (peer) => channels.open(peer, SNAPSHOTS),
    },
    join(folder, "me", "joining"),
  );
}

const honest = (kept: MemorySnapshotStore) => async (id: Parameters<typeof kept.chunks.get>[0]) =>
  (await kept.manifests.get(id)) ?? (await kept.chunks.get(id));
const gone: Peer = { get: () => async () => null };
const liar: Peer = {
  get: (kept) => async (id) => flipped((await honest(kept)(id)) ?? Uint8Array.of(1), 0, 1),
};

describe("a node that begins", () => {
  test("takes the newest snapshot of its peers, and goes on by blocks from there", async () => {
    expect(await joined([await fromPeers({}, {}, {})])).toBe(10);
    expect(warnings).toEqual([]);
    expect(await readdir(join(folder, "me"))).toEqual(["chain"]);
  });

  test("does so although peers are gone or send something else", async () => {
    expect(await joined([await fromPeers(liar, gone, {})])).toBe(10);
  });

  test("begins at the genesis when all peers lie, and nothing is left of what they said", async () => {
    expect(await joined([await fromPeers(liar, liar, gone)])).toBe(0);
    expect(await readdir(join(folder, "me"))).not.toContain("chain.unfinished");
  });

  test("refuses a snapshot that no quorum has signed, and takes an older one", async () => {
    const { manifest } = await findSnapshot(store);
    const header = { ...manifest.header, time: manifest.header.time + 1, height: 11 };
    await store.manifests.put(snapshotManifest.encode({ ...manifest, height: 11, header }));
    expect(await joined([storeSource(async () => store)])).toBe(10);
    expect(warnings).toEqual(["SNAPSHOT_HEADER_UNPROVEN"]);
  });

  test("takes an older snapshot where a chunk of the newest is damaged", async () => {
    const { manifest } = await findSnapshot(store);
    const older = await findSnapshot(store, { height: 6 });
    const needed = new Set(older.manifest.chunks.map(({ content }) => content));
    const own = manifest.chunks.find(({ content }) => !needed.has(content))?.content;
    if (own === undefined) throw new Error("the two share all chunks");
    store.chunks.objects.set(own, Uint8Array.of(1));
    expect(await joined([storeSource(async () => store)])).toBe(6);
    expect(warnings).toEqual(["SNAPSHOT_CHUNK_DAMAGED"]);
  });

  test("asks its peers where the configured store cannot be reached", async () => {
    const down = storeSource(async () => {
      throw new StorageError("STORE_UNREACHABLE", "no answer");
    });
    expect(await joined([down, await fromPeers({}, {}, {})])).toBe(10);
    expect(warnings).toEqual(["STORE_UNREACHABLE"]);
  });

  test("fetches only what is missing after a cut", async () => {
    let left = 3;
    const cut = {
      get: (kept: MemorySnapshotStore) => async (id: ContentId) =>
        left-- > 0 ? honest(kept)(id) : null,
    };
    const once = await fromPeers(cut, gone, gone);
    const attempt = () =>
      joinBySnapshot(
        { clock: young, log: silentLog, sources: [once] },
        { folder: join(folder, "me"), genesis, minAgeMs: -Infinity, minBlocks: 1 },
      );
    await attempt();
    const { manifest } = await findSnapshot(store);
    left = 1 + manifest.chunks.length - 2;
    expect(await attempt()).toBe(10);
    expect(left).toBe(0);
  });
});

describe("a node that was away", () => {
  test("takes a snapshot that is far enough ahead in the place of its ledger", async () => {
    await reach("me", 4);
    expect(await joined([storeSource(async () => store)], { minBlocks: 6 })).toBe(10);
  });

  test("goes on by blocks where they are few", async () => {
    await reach("me", 4);
    expect(await joined([storeSource(async () => store)], { minBlocks: 7 })).toBe(4);
  });

  test("never goes back", async () => {
    await reach("me", 11);
    expect(await joined([storeSource(async () => store)], { minBlocks: -Infinity })).toBe(11);
    expect(warnings).toEqual(["SNAPSHOT_TOO_OLD", "SNAPSHOT_TOO_OLD"]);
  });

  test("asks nobody when that was not for long", async () => {
    const asked = storeSource(() => Promise.reject(new Error("it asks")));
    expect(await joined([asked], { minAgeMs: Infinity })).toBe(0);
  });

  test("has its ledger, whole, after a crash at any step of the change", async () => {
    await reach("me", 4);
    const chain = join(folder, "me", "chain");
    await rename(chain, `${chain}.replaced`);
    expect(await joined([])).toBe(4);
    await reach("me", 12);
    await rename(join(folder, "at-6", "chain"), `${chain}.replaced`);
    expect(await joined([])).toBe(12);
    expect(await readdir(join(folder, "me"))).toEqual(["chain"]);
  });
});
