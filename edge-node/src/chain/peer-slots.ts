import type { NodeId } from "@meshwork/foundation";
import type { State } from "@meshwork/ledger";
import { membersOf } from "./store/chain-head.ts";

export interface PeerSlotsOptions {
  total: number;
  perPeer: number;
  /** How many of all may be taken when this peer is still given one. @default all */
  totalFor?: (peer: NodeId) => number;
}

/** How many channels, or transfers, there may be at a time: in all, and of one peer. */
export class PeerSlots {
  readonly #options: PeerSlotsOptions;
  readonly #taken = new Map<NodeId, number>();
  #total = 0;

  constructor(options: PeerSlotsOptions) {
    this.#options = options;
  }

  /** Gives the slot back when called, once. Null: there is none left for this peer. */
  take(peer: NodeId): (() => void) | null {
    const { total, perPeer, totalFor } = this.#options;
    const taken = this.#taken.get(peer) ?? 0;
    const isFull = this.#total >= Math.min(total, totalFor?.(peer) ?? total);
    if (isFull || taken >= perPeer) return null;
    this.#total++;
    this.#taken.set(peer, taken + 1);
    return () => {
      this.#total--;
      const left = (this.#taken.get(peer) ?? 1) - 1;
      if (left > 0) this.#taken.set(peer, left);
      else this.#taken.delete(peer);
    };
  }
}

/**
 * A name costs nothing, and a node on the ledger something: the last half of the slots is for nodes, and
 * the last quarter for the committee, so that no crowd keeps out those by whom the network goes on.
 */
export function totalByStanding(total: number, state: State, peer: NodeId): number {
  if (membersOf(state).includes(peer)) return total;
  const isNode = state.node(peer) !== undefined && !state.isBlacklisted(peer);
  return Math.floor(isNode ? (total * 3) / 4 : total / 2);
}
