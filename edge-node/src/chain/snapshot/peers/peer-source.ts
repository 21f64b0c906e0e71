import { rm, statfs } from "node:fs/promises";
import { type ContentId, limits } from "@meshwork/foundation";
import { snapshotManifest } from "@meshwork/protocol";
import { type ObjectStore, openFolderStore } from "@meshwork/storage";
import type { JoinSource } from "../join-by-snapshot.ts";
import type { FoundSnapshot } from "../list-snapshots.ts";
import { type FetchPartParts, fetchPart } from "./fetch-part.ts";
import { openForgedManifests } from "./forged-manifests.ts";
import { type GatherParts, gatherOffers } from "./gather-offers.ts";
import { claimedBytes, type OfferedSnapshot, rankSnapshots } from "./rank-snapshots.ts";

export interface PeerSourceParts extends FetchPartParts, GatherParts {
  /** Bytes that a file in this folder may take. @default those that the file system has */
  freeBytes?: (folder: string) => Promise<number>;
}

/** Its chunks, the ledger made of them, and room for what the node writes afterwards. */
const COPIES = 3;

/**
 * Snapshots that peers keep. A chunk may come from any of them, since its name says what it is; what
 * has come is kept in `folder` until all is there, so that a cut costs one chunk. Nobody fills the disk with
 * it: what no snapshot names that may still be taken goes, and so does what was found to be forged.
 */
export function peerSource(
  { freeBytes = freeBytesOf, ...parts }: PeerSourceParts,
  folder: string,
): JoinSource {
  const forgedManifests = openForgedManifests(`${folder}-forged.json`);
  let kept: ObjectStore | null = null;
  let left: readonly FoundSnapshot[] = [];

  return {
    name: "peers",
    async visit(work) {
      const forged = await forgedManifests;
      const offers = (await gatherOffers(parts)).filter(({ manifest }) => !forged.has(manifest));
      const peers = [...new Set(offers.flatMap((offer) => offer.peers))];
      if (peers.length === 0) return await work([], { chunks: { get: async () => null } });

      const found: OfferedSnapshot[] = [];
      for (const offer of offers) {
        const manifest = await readManifest(parts, offer);
        if (manifest !== null) found.push({ id: offer.manifest, manifest, peers: offer.peers });
      }
      const store = await openFolderStore({
        ...{ folder, maxTotalBytes: limits.snapshotStateBytes },
        maxObjectBytes: limits.snapshotChunkMaxBytes,
      });
      kept = store;
      left = rankSnapshots(found);
      await keepNamed(store, left);
      const free = await freeBytes(folder);
      left = left.filter((one) => hasRoom(parts, one, free));

      async function get(id: ContentId, { maxBytes = limits.snapshotChunkMaxBytes } = {}) {
        const here = await store.get(id, { maxBytes }).catch(() => null);
        if (here !== null) return here;
        const bytes = await fetchPart(parts, peers, {
          ...{ id, maxBytes: Math.min(maxBytes, limits.snapshotChunkMaxBytes) },
        });
        if (bytes !== null) await store.put(bytes);
        return bytes;
      }
      const result = await work(left, { chunks: { get } });
      // What came of one that is not whole is kept: next time it may be.
      if (result !== null) await rm(folder, { recursive: true, force: true });
      return result;
    },
    async onForged({ id }) {
      await (await forgedManifests).add(id);
      left = left.filter((one) => one.id !== id);
      if (kept !== null) await keepNamed(kept, left);
    },
  };
}

async function keepNamed(kept: ObjectStore, snapshots: readonly FoundSnapshot[]): Promise<void> {
  const named = new Set(
    snapshots.flatMap(({ manifest }) => manifest.chunks.map(({ content }) => content)),
  );
  for await (const id of kept.list()) if (!named.has(id)) await kept.delete(id);
}

function hasRoom({ log }: PeerSourceParts, { manifest }: FoundSnapshot, free: number): boolean {
  const sizeBytes = claimedBytes(manifest);
  if (COPIES * sizeBytes <= free) return true;
  const fields = { height: manifest.height, sizeBytes, freeBytes: free };
  log.warn("a snapshot needs more room than the disk has: it is not fetched", fields);
  return false;
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Null for what is none: the peer that offered it has lied, or is of a newer build. */
async function readManifest(
  parts: FetchPartParts,
  { manifest: id, peers }: Awaited<ReturnType<typeof gatherOffers>>[number],
) {
  const bytes = await fetchPart(parts, peers, { id, maxBytes: limits.snapshotManifestBytes });
  if (bytes === null) return null;
  try {
    return snapshotManifest.decode(bytes);
  } catch (error) {
    parts.log.warn("a peer offers what is no snapshot", { peers, error });
    return null;
  }
}
