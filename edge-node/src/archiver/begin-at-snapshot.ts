import { join } from "node:path";
import { nodeIdOf } from "@meshwork/crypto";
import type { Clock, NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { P2p } from "@meshwork/p2p";
import { chainIdOf, type Genesis, requestNames, streamNames } from "@meshwork/protocol";
import type { NamedBlock } from "@meshwork/verify";
import { openSnapshotStore } from "../chain/snapshot/index.ts";
import { type JoinSource, joinBySnapshot } from "../chain/snapshot/join-by-snapshot.ts";
import { storeSource } from "../chain/snapshot/join-from-store.ts";
import { peerSource } from "../chain/snapshot/peers/peer-source.ts";
import { snapshotOffer } from "../chain/snapshot/peers/snapshot-offer.ts";
import type { SnapshotPlaces } from "./keep-snapshots.ts";

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

/**
 * Before a node opens its ledger: one that is empty or was left alone for long begins at a snapshot, from the
 * configured store or from peers. Whatever comes of it, the node goes on by blocks.
 */
export async function beginAtSnapshot(
  { clock, log, connect }: BeginParts,
  { folder, genesis, checkpoint = null, snapshotStore, anchorStore }: BeginOptions,
): Promise<void> {
  const chainId = chainIdOf(genesis);
  const configured = snapshotStore
    ? [
        storeSource(() =>
          openSnapshotStore({ address: snapshotStore, anchors: anchorStore ?? undefined, chainId }),
        ),
      ]
    : [];
  const fromPeers: JoinSource = {
    name: "peers",
    async visit(work) {
      const p2p = await connect();
      try {
        // Who is in the same situation shall not wait for an answer of ours.
        const none = snapshotOffer.encode({ kind: "none" });
        p2p.messaging.handle(requestNames.snapshot, { onRequest: () => none });
        await p2p.start();
        const parts = { clock, log, ...askOver(p2p, genesis) };
        return await peerSource(parts, join(folder, "joining")).visit(work);
      } finally {
        await p2p.stop();
      }
    },
  };
  await joinBySnapshot(
    { clock, log, sources: [...configured, fromPeers] },
    { folder, genesis, checkpoint },
  );
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
