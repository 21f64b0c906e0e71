import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Digest } from "@meshwork/foundation";
import { applyGenesis } from "@meshwork/ledger";
import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import { chainIdOf, headerHash, snapshotChunk } from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ChainHead } from "../store/chain-head.ts";
import { backUpNode } from "./back-up-node.ts";
import { createSnapshot } from "./create-snapshot.ts";
import { type FoundSnapshot, findSnapshot } from "./list-snapshots.ts";
import { openSnapshotStore } from "./open-snapshot-store.ts";
import { restoreSnapshot } from "./restore-snapshot.ts";
import { SnapshotError } from "./snapshot-error.ts";
import { bytesOf, changed, flipped, forgeManifest } from "./testing/forge.ts";
import { MemorySnapshotStore } from "./testing/memory-store.ts";
import { verifySnapshot } from "./verify-snapshot.ts";

const network = new TestNetwork();
const actors = new Actors(network);
actors.until(actors.order(), (task) => task.phase === "running");
const { genesis, header } = network;
const head: ChainHead = {
  height: header.height,
  hash: headerHash(header),
  header,
  certificate: network.lastCommit,
  state: network.state,
};
const bounds = { minBytes: 500, maxBytes: 3_000 };

let folder: string;
let store: MemorySnapshotStore;
let found: FoundSnapshot;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-refusals-"));
  store = new MemorySnapshotStore();
  await createSnapshot(head, store, { bounds });
  found = await findSnapshot(store);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const restore = (snapshot = found) => restoreSnapshot(snapshot, store, { genesis, folder });
const verify = (snapshot = found) => verifySnapshot(snapshot, store, { genesis, readData: true });

/** The code with which it is refused; also, whatever is refused leaves the node's folder as it was. */
async function refusal(work: () => Promise<unknown>): Promise<string> {
  const error = await work().then(
    () => "nothing was refused",
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(SnapshotError);
  return (error as SnapshotError).code;
}

describe("damage", () => {
  test("to any byte of the manifest is refused, even under a right name", async () => {
    const bytes = bytesOf(found);
    const codes = new Set<string>();
    for (let at = 0; at < bytes.length; at++)
      for (const mask of [0x02, 0x80]) {
        await forgeManifest(store, flipped(bytes, at, mask));
        codes.add(await refusal(async () => verify(await findSnapshot(store))));
      }
    expect([...codes].sort()).toEqual([
      "SNAPSHOT_CHUNK_MISSING",
      "SNAPSHOT_FORMAT_NEWER",
      "SNAPSHOT_HEADER_UNPROVEN",
      "SNAPSHOT_MANIFEST_DAMAGED",
      "SNAPSHOT_OTHER_NETWORK",
      "SNAPSHOT_TOO_OLD",
    ]);
    expect(await readdir(folder)).toEqual([]);
  });

  test("to the stored manifest is seen by its name", async () => {
    store.manifests.objects.set(found.id, flipped(bytesOf(found), 40, 1));
    expect(await refusal(() => findSnapshot(store))).toBe("SNAPSHOT_MANIFEST_DAMAGED");
  });

  test("to a chunk is refused, and nothing is restored", async () => {
    for (const { content } of found.manifest.chunks) {
      const bytes = store.chunks.objects.get(content) as Uint8Array;
      store.chunks.objects.set(content, flipped(bytes, bytes.length >> 1, 4));
      expect(await refusal(restore)).toBe("SNAPSHOT_CHUNK_DAMAGED");
      store.chunks.objects.set(content, bytes);
    }
    expect(await readdir(folder)).toEqual([]);
  });

  test("to a chunk is refused even if the store itself does not see it: the state has another root", async () => {
    store.chunks.lies = true;
    const codes = new Set<string>();
    for (const { content } of found.manifest.chunks) {
      const bytes = store.chunks.objects.get(content) as Uint8Array;
      for (let at = 0; at < bytes.length; at += 61) {
        store.chunks.objects.set(content, flipped(bytes, at, 1));
        codes.add(await refusal(verify));
      }
      store.chunks.objects.set(content, bytes);
    }
    expect([...codes].sort()).toEqual(["SNAPSHOT_CHUNK_DAMAGED", "SNAPSHOT_STATE_WRONG"]);
  });

  test("a missing chunk is refused, and seen without reading the others", async () => {
    store.chunks.objects.delete(found.manifest.chunks[1]?.content as never);
    const look = () => verifySnapshot(found, store, { genesis });
    expect(await refusal(look)).toBe("SNAPSHOT_CHUNK_MISSING");
    expect(await refusal(restore)).toBe("SNAPSHOT_CHUNK_MISSING");
  });
});

describe("a liar who writes a whole snapshot", () => {
  /** With other leaves, and a manifest that fits them. */
  async function withLeaves(leaves: { key: Digest; value: Uint8Array }[]) {
    const bytes = snapshotChunk.encode({ leaves });
    await store.chunks.put(bytes);
    const totals = { leaves: leaves.length, sizeBytes: bytes.length };
    return changed(found, { chunks: [{ content: contentIdOf(bytes), ...totals }], totals });
  }
  const leaves = () => [...head.state.leaves()];

  test("cannot leave out, double or reorder what is in the state", async () => {
    await verify(await withLeaves(leaves()));
    expect(await refusal(async () => restore(await withLeaves(leaves().slice(1))))).toBe(
      "SNAPSHOT_STATE_WRONG",
    );
    const [first] = leaves();
    if (!first) throw new Error("no leaves");
    for (const wrong of [[first, ...leaves()], leaves().reverse()])
      expect(await refusal(async () => restore(await withLeaves(wrong)))).toBe(
        "SNAPSHOT_CHUNK_DAMAGED",
      );
  });

  test("cannot make anybody fetch more than a state can have, or more than he said", async () => {
    let fetched = 0;
    const counting = {
      chunks: {
        get: async () => {
          fetched++;
          return null;
        },
      },
    };
    const chunk = { content: found.manifest.chunks[0]?.content as never, leaves: 1 };
    const chunks = Array.from({ length: 16_384 }, () => ({ ...chunk, sizeBytes: 8 << 20 }));
    const totals = { leaves: 16_384, sizeBytes: 16_384 * (8 << 20) };
    const { manifest } = changed(found, { chunks, totals });
    const large = { id: found.id, manifest };
    expect(await refusal(() => restoreSnapshot(large, counting, { genesis, folder }))).toBe(
      "SNAPSHOT_TOO_LARGE",
    );
    expect(fetched).toBe(0);
    const asked: unknown[] = [];
    const reader = {
      chunks: {
        get: async (_: unknown, options: unknown) => {
          asked.push(options);
          return null;
        },
      },
    };
    await refusal(() => restoreSnapshot(found, reader, { genesis, folder }));
    expect(asked).toEqual([{ maxBytes: found.manifest.chunks[0]?.sizeBytes }]);
  });

  test("is found out before anything is kept: all chunks are read once, and none a second time", async () => {
    const { manifest } = found;
    // One that is left with some, whatever stands in a genesis.
    const fullest = manifest.chunks.toSorted((a, b) => b.leaves - a.leaves)[0];
    if (!fullest) throw new Error("no chunks");
    const bytes = store.chunks.objects.get(fullest.content) as Uint8Array;
    const fewer = snapshotChunk.encode({ leaves: snapshotChunk.decode(bytes).leaves.slice(1) });
    await store.chunks.put(fewer);
    const forged = { content: contentIdOf(fewer), leaves: fullest.leaves - 1 };
    const chunks = manifest.chunks.map((chunk) =>
      chunk === fullest ? { ...forged, sizeBytes: fewer.length } : chunk,
    );
    const totals = {
      leaves: manifest.totals.leaves - 1,
      sizeBytes: manifest.totals.sizeBytes - bytes.length + fewer.length,
    };
    const read: string[] = [];
    const reader = {
      chunks: {
        get: (id: never) => {
          read.push(id);
          return store.chunks.get(id);
        },
      },
    };
    const work = () =>
      restoreSnapshot(changed(found, { chunks, totals }), reader, { genesis, folder });
    expect(await refusal(work)).toBe("SNAPSHOT_STATE_WRONG");
    expect(read).toEqual(chunks.map(({ content }) => content));
  });

  test("cannot name a header that no quorum signed", async () => {
    const { manifest } = found;
    const stateRoot = "ab".repeat(32) as Digest;
    for (const change of [
      { header: { ...manifest.header, stateRoot } },
      { certificate: { ...manifest.certificate, seats: manifest.certificate.seats.slice(1) } },
      { header: { ...manifest.header, height: 1 }, height: 1 },
    ])
      expect(await refusal(() => restore(changed(found, change)))).toBe("SNAPSHOT_HEADER_UNPROVEN");
  });
});

describe("a restore is refused", () => {
  test("for another network, by who restores and by who would add to it", async () => {
    const other = new TestNetwork({ members: 5 });
    other.step({ view: 1 });
    const restored = restoreSnapshot(found, store, { genesis: other.genesis, folder });
    await expect(restored).rejects.toMatchObject({ code: "SNAPSHOT_OTHER_NETWORK" });
    const { header, state, lastCommit: certificate } = other;
    const place = { height: header.height, hash: headerHash(header), header };
    const added = createSnapshot({ ...place, certificate, state }, store);
    await expect(added).rejects.toMatchObject({ code: "SNAPSHOT_OTHER_NETWORK" });
  });

  test("where a ledger is already, which stays as it is", async () => {
    await mkdir(join(folder, "chain"));
    await writeFile(join(folder, "chain", "CURRENT"), "mine");
    expect(await refusal(restore)).toBe("RESTORE_NOT_EMPTY");
    expect(await readdir(join(folder, "chain"))).toEqual(["CURRENT"]);
  });

  test("when the newest is older than the head, or than what is known to be final", async () => {
    store.manifests.objects.clear();
    expect(await refusal(() => findSnapshot(store))).toBe("SNAPSHOT_NOT_FOUND");
    await forgeManifest(store, bytesOf(found));
    const atLeast = head.height + 1;
    expect(await refusal(() => findSnapshot(store, { atLeast }))).toBe("SNAPSHOT_TOO_OLD");
    const next = { height: atLeast, hash: head.hash };
    await store.anchors.append(next);
    await store.anchors.compareAndSetHead(await store.anchors.head(), next);
    expect(await refusal(() => findSnapshot(store))).toBe("SNAPSHOT_TOO_OLD");
    expect(await findSnapshot(store, { height: head.height })).toEqual(found);
  });

  test("into a folder that cannot be written", async () => {
    const into = { genesis, folder: join(folder, "file") };
    await writeFile(into.folder, "a file, not a folder");
    expect(await refusal(() => restoreSnapshot(found, store, into))).toBe("RESTORE_NOT_WRITTEN");
  });

  test("of a dry run nothing is written", async () => {
    await restoreSnapshot(found, store, { genesis, folder, dryRun: true });
    expect(await readdir(folder)).toEqual([]);
  });

  test("after an interrupted one it begins anew", async () => {
    await mkdir(join(folder, "chain.unfinished"));
    await writeFile(join(folder, "chain.unfinished", "half"), "a ledger");
    await restore();
    expect(await readdir(folder)).toEqual(["chain"]);
  });
});

describe("a backup is refused", () => {
  test("of a folder without a ledger, and makes none there", async () => {
    const work = () => backUpNode(store, { folder, genesis });
    expect(await refusal(work)).toBe("BACKUP_NO_CHAIN");
    expect(await readdir(folder)).toEqual([]);
  });

  test("of a genesis alone", async () => {
    const first = applyGenesis(genesis);
    const place = { height: 0, hash: headerHash(first.header), certificate: null, ...first };
    expect(await refusal(() => createSnapshot(place, store))).toBe("BACKUP_NO_BLOCKS");
  });

  test("to or from a place that cannot be one", async () => {
    const chainId = chainIdOf(genesis);
    const open = (address: string) => refusal(() => openSnapshotStore({ address, chainId }));
    expect(await open(join(folder, "typo"))).toBe("SNAPSHOT_NOT_FOUND");
    await writeFile(join(folder, "file"), "");
    const created = { address: join(folder, "file"), chainId, create: true };
    expect(await refusal(() => openSnapshotStore(created))).toBe("SNAPSHOT_STORE_UNUSABLE");
    await rm(join(folder, "file"));
    expect(await open("ftp://bucket")).toBe("SNAPSHOT_STORE_UNUSABLE");
    expect(await open("s3://bucket/prefix")).toBe("SNAPSHOT_STORE_UNUSABLE");
    expect(await readdir(folder)).toEqual([]);
  });
});
