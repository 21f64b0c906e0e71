import { rm } from "node:fs/promises";
import { type Clock, utf8 } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { P2p } from "@meshwork/p2p";
import { type Genesis, requestNames } from "@meshwork/protocol";
import type { NamedBlock } from "@meshwork/verify";
import { joinBySnapshot } from "../chain/snapshot/join-by-snapshot.ts";
import { isThere } from "../chain/snapshot/known-head.ts";
import { snapshotOffer } from "../chain/snapshot/peers/snapshot-offer.ts";
import { replaceFile } from "../chain/store/durable-file.ts";
import type { SnapshotPlaces } from "./keep-snapshots.ts";
import { failureOf, wishOf } from "./rejoin.ts";
import { snapshotSources } from "./snapshot-sources.ts";

export interface BeginParts {
  clock: Clock;
  log: Log;
  /** Connections for this alone: they end before the node begins. */
  connect: () => Promise<P2p>;
}

export interface BeginOptions extends SnapshotPlaces {
  genesis: Genesis;
  /** A block that the operator trusts. @default what the node has checked before, else the genesis */
  checkpoint?: NamedBlock | null;
}

/** Who found before it stopped that nobody has its next block takes any snapshot that is higher. */
const ANY_HIGHER = { minAgeMs: -Infinity, minBlocks: 1 };

/**
 * Before a node opens its ledger: one that is empty, was left alone for long, or was stranded begins at a
 * snapshot, from the configured store or from peers. Whatever comes of it, the node goes on by blocks.
 */
export async function beginAtSnapshot(
  { clock, log, connect }: BeginParts,
  options: BeginOptions,
): Promise<void> {
  const { folder, genesis, checkpoint = null } = options;
  const withPeers = async <T>(work: (p2p: P2p) => Promise<T>): Promise<T> => {
    const p2p = await connect();
    try {
      // Who is in the same situation shall not wait for an answer of ours.
      const none = snapshotOffer.encode({ kind: "none" });
      p2p.messaging.handle(requestNames.snapshot, { onRequest: () => none });
      await p2p.start();
      return await work(p2p);
    } finally {
      await p2p.stop();
    }
  };
  const wish = wishOf(folder);
  const isStranded = await isThere(wish);
  const height = await joinBySnapshot(
    { clock, log, sources: snapshotSources({ clock, log, withPeers }, options) },
    { folder, genesis, checkpoint, ...(isStranded && ANY_HIGHER) },
  );
  if (!isStranded) return;
  if (height === null) await replaceFile(failureOf(folder), utf8(String(clock.now())));
  else await rm(failureOf(folder), { force: true });
  await rm(wish);
}
