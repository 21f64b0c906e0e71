import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChainId, limits, systemClock } from "@meshwork/foundation";
import { silentLog } from "@meshwork/observability";
import type { P2p } from "@meshwork/p2p";
import { streamNames } from "@meshwork/protocol";
import { contentIdOf, type ObjectStore, openFolderStore } from "@meshwork/storage";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestP2p } from "../testing/p2p-node.ts";
import { type Blobs, createBlobs } from "./blobs.ts";

interface Node {
  p2p: P2p;
  blobs: Blobs;
  store: ObjectStore;
}
let folder: string;
let giver: Node;
let taker: Node;

async function start(name: string): Promise<Node> {
  const p2p = await createTestP2p("11".repeat(32) as ChainId);
  const store = await openFolderStore({
    folder: join(folder, name),
    maxTotalBytes: 1 << 28,
    maxObjectBytes: limits.inputBytes,
  });
  const blobs = createBlobs({
    store,
    openChannel: (peer, signal) =>
      p2p.channels.open(peer, streamNames.blobs, signal ? { signal } : {}),
    clock: systemClock,
    log: silentLog,
    admitPut: () => true,
  });
  await p2p.channels.serve(streamNames.blobs, blobs.onChannel);
  await p2p.start();
  return { p2p, blobs, store };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-blobs-p2p-"));
  [giver, taker] = [await start("giver"), await start("taker")];
  taker.p2p.book.put(giver.p2p.ownRecord());
});
afterAll(async () => {
  await taker.p2p.stop();
  await giver.p2p.stop();
  await rm(folder, { recursive: true, force: true });
});

const sizes = [0, 1, limits.blobChunkBytes, 9 << 20];
const content = (sizeBytes: number, fill: number) => new Uint8Array(sizeBytes).fill(fill);

test("objects of any size go both ways over real streams, many at once", async () => {
  await Promise.all(
    sizes.map(async (sizeBytes) => {
      const id = await giver.blobs.put(content(sizeBytes, 1));
      const options = { hints: [giver.p2p.nodeId], maxBytes: limits.inputBytes };
      const got = await taker.blobs.fetch(id, options);
      expect(contentIdOf(got)).toBe(id);
      const back = content(sizeBytes, 2);
      await taker.blobs.push(giver.p2p.nodeId, back);
      expect(await giver.store.has(contentIdOf(back))).toBe(true);
    }),
  );
});

test("streams are given back: more transfers than a node takes at a time, one after the other", async () => {
  for (let i = 0; i < 3 * limits.blobTransfersPerPeer; i++)
    await taker.blobs.push(giver.p2p.nodeId, content(100, 10 + i));
  for (const { host } of [taker.p2p, giver.p2p]) {
    const open = () =>
      host
        .getConnections()
        .flatMap(({ streams }) => streams)
        .filter(({ protocol }) => protocol.endsWith(streamNames.blobs)).length;
    await expect.poll(open).toBe(0);
  }
});
