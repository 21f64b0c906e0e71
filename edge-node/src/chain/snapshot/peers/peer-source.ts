import { rm } from "node:fs/promises";
import { type ContentId, limits } from "@meshwork/foundation";
import { snapshotManifest } from "@meshwork/protocol";
import { openFolderStore } from "@meshwork/storage";
import type { JoinSource } from "../join-by-snapshot.ts";
import type { FoundSnapshot } from "../list-snapshots.ts";
import { type FetchPartParts, fetchPart } from "./fetch-part.ts";
import { type GatherParts, gatherOffers } from "./gather-offers.ts";

/**
 * Snapshots that peers keep. A chunk may come from any of them, since its name says what it is; what
 * has come is kept in `folder` until all is there, so that a cut costs one chunk.
 */
export const peerSource = (parts: FetchPartParts & GatherParts, folder: string): JoinSource => ({
  name: "peers",
  async visit(work) {
    const offers = await gatherOffers(parts);
    const peers = [...new Set(offers.flatMap((offer) => offer.peers))];
    if (peers.length === 0) return await work([], { chunks: { get: async () => null } });

    const kept = await openFolderStore({
      ...{ folder, maxTotalBytes: Number.MAX_SAFE_INTEGER },
      maxObjectBytes: limits.snapshotChunkMaxBytes,
    });
    const found: FoundSnapshot[] = [];
    for (const offer of offers) {
      const manifest = await readManifest(parts, offer);
      if (manifest !== null) found.push({ id: offer.manifest, manifest });
    }

    async function get(id: ContentId): Promise<Uint8Array | null> {
      const here = await kept.get(id).catch(() => null);
      if (here !== null) return here;
      const bytes = await fetchPart(parts, peers, { id, maxBytes: limits.snapshotChunkMaxBytes });
      if (bytes !== null) await kept.put(bytes);
      return bytes;
    }
    const result = await work(found, { chunks: { get } });
    // What came of one that is not whole is kept: next time it may be.
    if (result !== null) await rm(folder, { recursive: true, force: true });
    return result;
  },
});

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
