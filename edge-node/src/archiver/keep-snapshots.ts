import { join } from "node:path";
import { type Clock, type ContentId, limits } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { P2p } from "@meshwork/p2p";
import { requestNames, streamNames } from "@meshwork/protocol";
import { openFolderStore } from "@meshwork/storage";
import { type FoundSnapshot, openSnapshotStore } from "../chain/snapshot/index.ts";
import { serveSnapshots } from "../chain/snapshot/peers/serve-snapshots.ts";
import { snapshotOffer } from "../chain/snapshot/peers/snapshot-offer.ts";
import { serveExports } from "../chain/snapshot/running/serve-exports.ts";
import type { Chain } from "../chain/store/chain.ts";
import { Archiver } from "./archiver.ts";

/** Where a node finds and puts snapshots. */
export interface SnapshotPlaces {
  /** The node's folder. Those for its peers lie in `snapshots` there. */
  folder: string;
  /** A folder or `s3://bucket/prefix`, for who has nobody to ask. @default none */
  snapshotStore?: string | null;
  /** @default in the folder of snapshots */
  anchorStore?: string | null;
  /** A snapshot is published there at least so often, and one an epoch; 0: this node only reads. @default 6 */
  snapshotHours?: number;
}

export interface KeepParts {
  chain: Chain;
  /** Not started yet. */
  p2p: Pick<P2p, "channels" | "messaging">;
  clock: Clock;
  log: Log;
}

export interface KeptSnapshots {
  /** Wall time of the newest snapshot in the configured place; undefined where this node publishes none. */
  readonly snapshotTime: number | undefined;
  stop(): Promise<void>;
}

const HOUR_MS = 3_600_000;
const DEFAULT_HOURS = 6;
/** Who began to fetch the older one shall be able to end. */
const KEPT_FOR_PEERS = 2;

/**
 * All that a running node does with snapshots of its ledger: it keeps one for peers that join, publishes
 * them in the place that its operator configured, and lets its owner take a backup.
 */
export async function keepSnapshots(
  parts: KeepParts,
  options: SnapshotPlaces,
): Promise<KeptSnapshots> {
  const { chain } = parts;
  const hours = options.snapshotHours ?? DEFAULT_HOURS;
  const own = join(options.folder, "snapshots");
  const forPeers = new Archiver(
    { ...parts, openStore: () => open(own) },
    { everyMs: (hours || DEFAULT_HOURS) * HOUR_MS, keepLast: KEPT_FOR_PEERS },
  );
  const { snapshotStore: address, anchorStore } = options;
  const published =
    address && hours > 0
      ? new Archiver(
          { ...parts, openStore: () => open(address, anchorStore) },
          { everyMs: hours * HOUR_MS },
        )
      : null;
  await offerToPeers(parts, own, forPeers);
  const stopExports = await serveExports(parts, options.folder);

  function open(place: string, anchors?: string | null) {
    const { chainId } = chain;
    return openSnapshotStore({
      address: place,
      anchors: anchors ?? undefined,
      chainId,
      create: true,
    });
  }

  return {
    get snapshotTime() {
      return published?.newest?.manifest.header.time;
    },
    async stop() {
      await stopExports();
      await Promise.all([forPeers.stop(), published?.stop()]);
    },
  };
}

/** Whoever joins hears of the newest, and gets its manifest and its chunks as he would get any content. */
async function offerToPeers(
  { p2p, clock, log }: KeepParts,
  folder: string,
  archiver: Pick<Archiver, "newest">,
): Promise<void> {
  // To read from: what is written there is written by the archiver.
  const [chunks, manifests] = await Promise.all([
    openObjects(join(folder, "chunks"), limits.snapshotChunkMaxBytes),
    openObjects(join(folder, "manifests"), limits.snapshotManifestBytes),
  ]);
  const get = async (id: ContentId) => (await chunks.get(id)) ?? (await manifests.get(id));
  p2p.messaging.handle(requestNames.snapshot, { onRequest: () => offerOf(archiver.newest) });
  await p2p.channels.serve(streamNames.snapshots, serveSnapshots({ get, clock, log }));
}

const offerOf = (newest: FoundSnapshot | null): Uint8Array =>
  newest === null
    ? snapshotOffer.encode({ kind: "none" })
    : snapshotOffer.encode({
        ...{ kind: "offer", height: newest.manifest.height, manifest: newest.id },
      });

const openObjects = (folder: string, maxObjectBytes: number) =>
  openFolderStore({ folder, maxObjectBytes, maxTotalBytes: Number.MAX_SAFE_INTEGER });
