import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { generateKeyPair, sha256Hex } from "@meshwork/crypto";
import {
  type ChainId,
  type Key25519,
  limits,
  type NodeId,
  systemClock,
  systemRandom,
} from "@meshwork/foundation";
import { createMetrics, silentLog } from "@meshwork/observability";
import { createIdentity, createP2p, type P2p } from "@meshwork/p2p";
import { streamNames } from "@meshwork/protocol";
import { fileIdOf, openFolderStore } from "@meshwork/storage";
import { type Blobs, createBlobs } from "../../edge-node/src/data/blobs.ts";
import { fetchFile } from "../../edge-node/src/data/fetch-file.ts";
import { fileMap, SEALED_CHUNK_BYTES } from "../../edge-node/src/data/file-map.ts";
import { openFiles } from "../../edge-node/src/data/files.ts";
import { type BenchRow, median, row } from "./harness.ts";

const BARE = "/meshwork-bench/bare/1";
const ROUNDS = 3;

interface Node {
  p2p: P2p;
  blobs: Blobs;
  folder: string;
}

/** A file from peer to peer, checked and stored, against bytes on a bare stream between the same two. */
export async function streamRows(folder: string, sizeMiB: number): Promise<BenchRow[]> {
  const giver = await start(join(folder, "giver"));
  const source = await fileOn(giver, sizeMiB);
  await giver.p2p.channels.serve(BARE, async (channel) => {
    const frame = new Uint8Array(limits.blobChunkBytes);
    for (let sent = 0; sent < source.sizeBytes; sent += frame.length) await channel.send(frame);
    await channel.close();
  });
  const taker = await start(join(folder, "taker"));
  taker.p2p.book.put(giver.p2p.ownRecord());
  try {
    const [files, bare]: number[][] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      bare?.push(await timed(() => drain(taker, giver.p2p.nodeId)));
      const fresh = await keepingIn(taker, join(folder, `taken-${round}`));
      const options = { hints: [giver.p2p.nodeId], signal: new AbortController().signal };
      files?.push(await timed(() => fetchFile(fresh, source, options)));
      await rm(join(folder, `taken-${round}`), { recursive: true });
    }
    const rate = (ms: number[] = []) => (1_000 * sizeMiB) / median(ms);
    return [
      row({
        metric: "a file from a peer, against a bare stream",
        value: rate(files),
        unit: "MiB/s",
        baseline: rate(bare),
      }),
    ];
  } finally {
    await taker.p2p.stop();
    await giver.p2p.stop();
    await rm(giver.folder, { recursive: true, force: true });
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function drain({ p2p }: Node, peer: NodeId): Promise<void> {
  const channel = await p2p.channels.open(peer, BARE);
  for await (const frame of channel) if (frame.length === 0) break;
  await channel.close();
}

async function start(folder: string): Promise<Node> {
  const parts = { clock: systemClock, random: systemRandom, log: silentLog };
  const identity = createIdentity(parts, {
    chainId: "11".repeat(32) as ChainId,
    keyPair: generateKeyPair(),
    roles: ["worker"],
    region: "bench",
    sealKey: "22".repeat(32) as Key25519,
    software: "bench",
  });
  const metrics = createMetrics({ processMetrics: false });
  const listen = ["/ip4/127.0.0.1/tcp/0"];
  const p2p = await createP2p({ ...parts, identity, metrics }, { listen });
  await p2p.start();
  const node = { p2p, folder };
  const blobs = await keepingIn(node, folder);
  await p2p.channels.serve(streamNames.blobs, blobs.onChannel);
  return { ...node, blobs };
}

async function keepingIn({ p2p }: Pick<Node, "p2p">, folder: string): Promise<Blobs> {
  const bounds = { maxTotalBytes: 2 ** 40, maxObjectBytes: SEALED_CHUNK_BYTES };
  const store = await openFolderStore({ folder, ...bounds });
  const openChannel = (peer: NodeId, signal?: AbortSignal) =>
    p2p.channels.open(peer, streamNames.blobs, signal ? { signal } : {});
  return createBlobs({ store, openChannel, clock: systemClock, log: silentLog });
}

async function fileOn({ blobs, folder }: Node, sizeMiB: number) {
  const account = "A".repeat(44) as NodeId;
  const files = await openFiles(
    { blobs, clock: systemClock, root: new Uint8Array(32), drop: async () => {} },
    { folder: join(folder, "files"), maxBytes: 2 ** 40, maxBytesPerAccount: 2 ** 40 },
  );
  const pieces = Array.from({ length: sizeMiB }, () => new Uint8Array(randomBytes(2 ** 20)));
  const chunks = pieces.map(sha256Hex);
  const sizeBytes = sizeMiB * 2 ** 20;
  const id = fileIdOf(chunks, sizeBytes);
  await files.announce({ account, id }, { sizeBytes, chunks });
  for (const [index, piece] of pieces.entries())
    await files.putChunk({ account, id }, index, piece);
  return { id, sizeBytes, map: fileMap.encode(files.mapOf({ account, id })) };
}
