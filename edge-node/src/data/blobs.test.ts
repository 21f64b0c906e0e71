import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ContentId, limits, type NodeId, utf8 } from "@meshwork/foundation";
import { silentLog } from "@meshwork/observability";
import { contentIdOf, type ObjectStore, openFolderStore } from "@meshwork/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../chain/channel.ts";
import { blobReply, blobRequest } from "./blob-messages.ts";
import { type Blobs, type BlobsParts, createBlobs } from "./blobs.ts";
import { type HastyClock, hastyClock } from "./testing/hasty-clock.ts";
import { Neighbours } from "./testing/neighbours.ts";

const [alice, bob, carol] = ["A", "B", "C"].map((letter) => letter.repeat(44) as NodeId) as [
  NodeId,
  NodeId,
  NodeId,
];

let folder: string;
let clock: HastyClock;
let neighbours: Neighbours;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-blobs-"));
  [clock, neighbours] = [hastyClock(), new Neighbours()];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const openStore = (name: string, maxTotalBytes = 1 << 30) =>
  openFolderStore({ folder: join(folder, name), maxTotalBytes, maxObjectBytes: limits.inputBytes });

async function node(
  id: NodeId,
  more: Partial<BlobsParts> = {},
): Promise<Blobs & { store: ObjectStore }> {
  const store = await openStore(id);
  const blobs = createBlobs({
    store,
    clock,
    log: silentLog,
    openChannel: neighbours.openChannel(id),
    ...more,
  });
  neighbours.answer(id, blobs.onChannel);
  return { ...blobs, store };
}

/** A peer whose answers the test writes. */
function peerThat(id: NodeId, answer: (channel: Channel) => Promise<void>): void {
  neighbours.answer(id, (channel) => {
    channel[Symbol.asyncIterator]()
      .next()
      .then(() => answer(channel))
      .catch(() => {});
  });
}

const bytes = utf8("some content");
const id = contentIdOf(bytes);
const options = { hints: [bob, carol], maxBytes: 1 << 20 };

describe("fetching content", () => {
  test("comes from a peer, and stays here", async () => {
    const [me, peer] = [await node(alice), await node(bob)];
    await peer.put(bytes);
    expect(await me.fetch(id, options)).toEqual(bytes);
    neighbours.leaveAll();
    expect(await me.fetch(id, options)).toEqual(bytes);
  });

  test("carries objects of many chunks and of none", async () => {
    const [me, peer] = [await node(alice), await node(bob)];
    for (const length of [0, 1, limits.blobChunkBytes, 3 * limits.blobChunkBytes + 1]) {
      const large = new Uint8Array(length).fill(length % 251);
      const name = await peer.put(large);
      expect(Buffer.compare(await me.fetch(name, options), large)).toBe(0);
    }
  });

  test("a peer that sends other content is passed over", async () => {
    const [me, honest] = [await node(alice), await node(carol)];
    peerThat(bob, async (channel) => {
      await channel.send(blobReply.encode({ kind: "found", sizeBytes: 4 }));
      await channel.send(utf8("lies"));
    });
    await honest.put(bytes);
    expect(await me.fetch(id, options)).toEqual(bytes);
  });

  test("if nobody but liars has it, the error says so and names the content", async () => {
    const me = await node(alice);
    peerThat(bob, async (channel) => {
      await channel.send(blobReply.encode({ kind: "found", sizeBytes: 4 }));
      await channel.send(utf8("lies"));
    });
    const error = await me
      .fetch(id, { ...options, hints: [bob] })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "BLOB_HASH_MISMATCH", detail: { id } });
    expect((error as Error).message).toContain(id);
    expect(await me.store.has(id)).toBe(false);
  });

  test("a peer that never stops, never starts or talks nonsense costs a bounded time", async () => {
    const [me, honest] = [await node(alice), await node(carol)];
    await honest.put(bytes);
    const answers: ((channel: Channel) => Promise<void>)[] = [
      async () => clock.endSilences(),
      (channel) => channel.send(utf8("nonsense")),
      (channel) => channel.send(blobReply.encode({ kind: "stored" })),
      (channel) => channel.close(),
      async (channel) => {
        await channel.send(blobReply.encode({ kind: "found", sizeBytes: bytes.length }));
        for (let i = 0; i < 50; i++) await channel.send(new Uint8Array(1000));
      },
    ];
    for (const answer of answers) {
      let asked = 0;
      peerThat(bob, (channel) => {
        asked++;
        return answer(channel);
      });
      expect(await me.fetch(id, options)).toEqual(bytes);
      expect(asked).toBe(1);
      await me.store.delete(id);
      // What he did is not held against him for ever.
      clock.pass(60_000);
    }
  });

  test("nobody has it: a coded error with every peer's answer", async () => {
    const me = await node(alice);
    await node(bob);
    await expect(me.fetch(id, options)).rejects.toMatchObject({
      code: "BLOB_UNAVAILABLE",
      detail: { failures: [{ peer: bob, code: "BLOB_MISSING" }, { peer: carol }] },
    });
  });

  test("more than was agreed to is refused, wherever it lies", async () => {
    const [me, peer] = [await node(alice), await node(bob)];
    await peer.put(bytes);
    const small = { ...options, maxBytes: bytes.length - 1 };
    await expect(me.fetch(id, { ...small, hints: [bob] })).rejects.toMatchObject({
      code: "BLOB_TOO_LARGE",
    });
    await me.put(bytes);
    await expect(me.fetch(id, small)).rejects.toMatchObject({ code: "BLOB_TOO_LARGE" });
  });

  test("ends at once when its signal aborts", async () => {
    const me = await node(alice);
    const abort = new AbortController();
    peerThat(bob, async () => abort.abort(new Error("enough")));
    await expect(me.fetch(id, { ...options, signal: abort.signal })).rejects.toThrow("enough");
  });

  test("an object that is damaged at a peer is missing there, and a larger one than is wanted is not read", async () => {
    const [me, peer] = [await node(alice), await node(bob)];
    await peer.put(bytes);
    const from = (maxBytes: number) => me.fetch(id, { hints: [bob], maxBytes });
    await expect(from(3)).rejects.toMatchObject({
      detail: { failures: [{ peer: bob, code: "BLOB_TOO_LARGE" }] },
    });
    await writeFile(join(folder, bob, id.slice(-3, -1), id), "damaged");
    await expect(from(1_000)).rejects.toMatchObject({
      detail: { failures: [{ peer: bob, code: "BLOB_MISSING" }] },
    });
  });

  test("a damaged object here is fetched again, and healed", async () => {
    const [me, peer] = [await node(alice), await node(bob)];
    await me.put(bytes);
    await peer.put(bytes);
    await writeFile(join(folder, alice, id.slice(-3, -1), id), "damaged");
    expect(await me.fetch(id, options)).toEqual(bytes);
    expect(await me.store.get(id)).toEqual(bytes);
  });
});

describe("bringing content to a peer", () => {
  const welcome = { admitPut: () => true };

  test("is durable there when it resolves; again costs no transfer", async () => {
    const [me, peer] = [await node(alice), await node(bob, welcome)];
    await me.push(bob, bytes);
    expect(await peer.store.get(id)).toEqual(bytes);
    await me.push(bob, bytes);
  });

  test("is refused by who did not ask for it", async () => {
    const me = await node(alice);
    await node(bob);
    await expect(me.push(bob, bytes)).rejects.toMatchObject({ code: "BLOB_UNWELCOME" });
  });

  test("is refused beyond the peer's quota, until the window is over", async () => {
    const me = await node(alice);
    await node(bob, welcome);
    const large = new Uint8Array(limits.inputBytes);
    const pushes = limits.blobQuotaBytes / limits.inputBytes;
    // One chunk stands for the object: the quota counts what was announced.
    const announce = async (): Promise<string> => {
      const near = await neighbours.openChannel(alice)(bob);
      await near.send(blobRequest.encode({ kind: "put", id, sizeBytes: large.length }));
      const { value } = await near[Symbol.asyncIterator]().next();
      near.abort(new Error("enough"));
      const reply = blobReply.decode(value);
      if (reply.kind !== "refused") return reply.kind;
      // The transfer before may not have been let go yet.
      return reply.code === "BLOB_BUSY" ? announce() : reply.code;
    };
    for (let i = 0; i < pushes; i++) expect(await announce()).toBe("ready");
    expect(await announce()).toBe("BLOB_QUOTA_EXCEEDED");
    await expect(me.push(bob, bytes)).rejects.toMatchObject({ code: "BLOB_QUOTA_EXCEEDED" });
    clock.pass(limits.blobQuotaWindowMs);
    await me.push(bob, bytes);
  });

  test("other content than announced is not stored", async () => {
    const peer = await node(bob, welcome);
    const near = await neighbours.openChannel(alice)(bob);
    await near.send(blobRequest.encode({ kind: "put", id, sizeBytes: 4 }));
    const frames = near[Symbol.asyncIterator]();
    expect(blobReply.decode((await frames.next()).value).kind).toBe("ready");
    await near.send(utf8("lies"));
    expect(blobReply.decode((await frames.next()).value)).toEqual({
      kind: "refused",
      code: "BLOB_HASH_MISMATCH",
    });
    expect(await peer.store.has(id)).toBe(false);
  });

  test("a peer takes a few transfers at a time and refuses the rest", async () => {
    await node(bob, welcome);
    const answers = await Promise.all(
      Array.from({ length: limits.blobTransfersPerPeer + 2 }, async (_, i) => {
        const near = await neighbours.openChannel(alice)(bob);
        const name: ContentId = contentIdOf(utf8(`content ${i}`));
        await near.send(blobRequest.encode({ kind: "put", id: name, sizeBytes: 100 }));
        return blobReply.decode((await near[Symbol.asyncIterator]().next()).value);
      }),
    );
    const refused = answers.filter((answer) => answer.kind === "refused");
    expect(refused).toEqual([
      { kind: "refused", code: "BLOB_BUSY" },
      { kind: "refused", code: "BLOB_BUSY" },
    ]);
  });
});
