import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ContentId, type NodeId, systemClock } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import {
  headerHash,
  type SnapshotLeaf,
  type SnapshotManifest,
  snapshotChunk,
  snapshotManifest,
} from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MemoryNetwork } from "../../testing/memory-network.ts";
import { createSnapshot } from "../create-snapshot.ts";
import { joinBySnapshot } from "../join-by-snapshot.ts";
import { findSnapshot } from "../list-snapshots.ts";
import { MemorySnapshotStore } from "../testing/memory-store.ts";
import { type PeerSourceParts, peerSource } from "./peer-source.ts";
import { serveSnapshots } from "./serve-snapshots.ts";
import { snapshotOffer } from "./snapshot-offer.ts";

const network = new TestNetwork();
for (let i = 0; i < 6; i++) network.step({ view: 1 });
const { genesis, header, state, lastCommit: certificate } = network;
const head = { height: header.height, hash: headerHash(header), header, certificate, state };
const SNAPSHOTS = "/test/snapshots";

let folder: string;
let peers: MemoryNetwork;
/** What each peer offers and keeps. */
let offers: Map<NodeId, MemorySnapshotStore>;
let fetched: ContentId[];
let warnings: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-peers-"));
  [peers, offers, fetched, warnings] = [new MemoryNetwork(), new Map(), [], []];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function snapshot(): Promise<MemorySnapshotStore> {
  const store = new MemorySnapshotStore();
  await createSnapshot(head, store, { bounds: { minBytes: 500, maxBytes: 3_000 } });
  return store;
}

/** The genuine header, and one chunk of it that holds a leaf less: every hash of it is right. */
async function forgery(drop: number): Promise<MemorySnapshotStore> {
  const store = new MemorySnapshotStore();
  const genuine = await findSnapshot(await snapshot());
  const leaves = [...state.leaves()].filter((_, i) => i !== drop) as SnapshotLeaf[];
  const bytes = snapshotChunk.encode({ leaves });
  const totals = { leaves: leaves.length, sizeBytes: bytes.length };
  const chunks = [{ content: contentIdOf(bytes), ...totals }];
  const manifest: SnapshotManifest = { ...genuine.manifest, chunks, totals };
  await store.chunks.put(bytes);
  await store.manifests.put(snapshotManifest.encode(manifest));
  return store;
}

async function peer(name: string, store: MemorySnapshotStore): Promise<void> {
  const get = async (id: ContentId) => {
    fetched.push(id);
    return (await store.manifests.get(id)) ?? (await store.chunks.get(id));
  };
  offers.set(name as NodeId, store);
  const serve = serveSnapshots({ get, clock: systemClock, log: silentLog });
  await peers.channels(name as NodeId).serve(SNAPSHOTS, serve);
}

/** A process that begins: nothing of an earlier attempt is in its memory. */
function begin(options: Pick<PeerSourceParts, "freeBytes"> = {}): Promise<number | null> {
  const channels = peers.channels("me" as NodeId);
  const warn = (message: string, fields: { code?: string } = {}) => {
    // That one peer has not what another one offers is no news.
    if (fields.code !== "BLOB_MISSING") warnings.push(fields.code ?? message);
  };
  const log = { ...silentLog, warn };
  const source = peerSource(
    {
      ...{ clock: systemClock, log, ...options },
      candidates: () => [...offers.keys()],
      ask: async (name) => {
        const [id] = (offers.get(name) as MemorySnapshotStore).manifests.objects.keys();
        return snapshotOffer.encode({
          kind: "offer",
          height: header.height,
          manifest: id as never,
        });
      },
      openChannel: (name) => channels.open(name, SNAPSHOTS),
    },
    join(folder, "joining"),
  );
  return joinBySnapshot(
    { clock: { ...systemClock, now: () => header.time }, log, sources: [source] },
    { folder, genesis, minAgeMs: -Infinity, minBlocks: 1 },
  );
}

const keptChunks = async () =>
  (await readdir(join(folder, "joining"), { recursive: true })).filter((name) => name.length > 40);

test("a forged state is fetched once: it is remembered, and nothing of it stays on the disk", async () => {
  await peer("liar", await forgery(3));
  expect(await begin()).toBeNull();
  expect(warnings).toEqual(["SNAPSHOT_STATE_WRONG"]);
  expect(await keptChunks()).toEqual([]);
  fetched = [];
  expect(await begin()).toBeNull();
  expect(fetched).toEqual([]);
});

test("of one block the state that most peers offer is taken, though liars come first and are small", async () => {
  await peer("a liar", await forgery(3));
  await peer("honest 1", await snapshot());
  await peer("honest 2", await snapshot());
  expect(await begin()).toBe(header.height);
  expect(warnings).toEqual([]);
});

test("where liars are many, an honest snapshot is taken all the same", async () => {
  const forged = await forgery(3);
  await peer("liar 1", forged);
  await peer("liar 2", forged);
  await peer("honest", await snapshot());
  expect(await begin()).toBe(header.height);
  expect(warnings).toEqual(["SNAPSHOT_STATE_WRONG"]);
});

test("a snapshot that the disk has no room for is not fetched", async () => {
  await peer("honest", await snapshot());
  const { manifest } = await findSnapshot(await snapshot());
  const freeBytes = async () => 2 * manifest.totals.sizeBytes;
  expect(await begin({ freeBytes })).toBeNull();
  expect(fetched).toHaveLength(1);
  expect(warnings).toEqual([expect.stringContaining("more room than the disk has")]);
});
