import { join } from "node:path";
import { nodeIdOf } from "@meshwork/crypto";
import type { Clock, NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { P2p } from "@meshwork/p2p";
import { chainIdOf, type Genesis, requestNames, streamNames } from "@meshwork/protocol";
import { openSnapshotStore } from "../chain/snapshot/index.ts";
import type { JoinSource } from "../chain/snapshot/join-by-snapshot.ts";
import { storeSource } from "../chain/snapshot/join-from-store.ts";
import { peerSource } from "../chain/snapshot/peers/peer-source.ts";
import type { SnapshotPlaces } from "./keep-snapshots.ts";

export interface SourcesParts {
  clock: Clock;
  log: Log;
  /** Lends connections for a while. */
  withPeers: <T>(work: (p2p: P2p) => Promise<T>) => Promise<T>;
}

/** Where this node may find a snapshot, in order: the configured store, then peers. */
export function snapshotSources(
  { clock, log, withPeers }: SourcesParts,
  { folder, genesis, snapshotStore, anchorStore }: SnapshotPlaces & { genesis: Genesis },
): JoinSource[] {
  const chainId = chainIdOf(genesis);
  const peers: JoinSource = {
    name: "peers",
    visit: (work) =>
      withPeers((p2p) =>
        peerSource({ clock, log, ...askOver(p2p, genesis) }, join(folder, "joining")).visit(work),
      ),
  };
  if (!snapshotStore) return [peers];
  const anchors = anchorStore ?? undefined;
  return [
    storeSource(() => openSnapshotStore({ address: snapshotStore, anchors, chainId })),
    peers,
  ];
}

const ANSWER_MS = 5_000;

function askOver(p2p: P2p, genesis: Genesis) {
  const founders = genesis.members.flatMap(({ publicKey, vote }) =>
    vote === null ? [] : [nodeIdOf(publicKey)],
  );
  return {
    candidates: () =>
      [...new Set([...p2p.peers.connected(), ...founders])].filter((peer) => peer !== p2p.nodeId),
    ask: (peer: NodeId) =>
      p2p.messaging.request(peer, requestNames.snapshot, new Uint8Array(0), {
        timeoutMs: ANSWER_MS,
      }),
    openChannel: (peer: NodeId) => p2p.channels.open(peer, streamNames.snapshots),
  };
}
