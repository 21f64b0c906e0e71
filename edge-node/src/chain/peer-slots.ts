import type { NodeId } from "@meshwork/foundation";

/** How many channels, or transfers, there may be at a time: in all, and of one peer. */
export class PeerSlots {
  readonly #limits: { total: number; perPeer: number };
  readonly #taken = new Map<NodeId, number>();
  #total = 0;

  constructor(limits: { total: number; perPeer: number }) {
    this.#limits = limits;
  }

  /** Gives the slot back when called, once. Null: there is none left for this peer. */
  take(peer: NodeId): (() => void) | null {
    const taken = this.#taken.get(peer) ?? 0;
    if (this.#total >= this.#limits.total || taken >= this.#limits.perPeer) return null;
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
