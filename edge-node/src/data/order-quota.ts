import type { ContentId, NodeId, OrderId } from "@meshwork/foundation";

/** An order for which a peer may bring something, and how much in all. */
export interface Allowance {
  orderId: OrderId;
  maxBytes: number;
}

/**
 * How much each peer has brought for each order: who works for one order cannot fill the disk on its
 * account. The count is soft state, as that of `put-quota`: a restart forgets it.
 */
export class OrderQuota {
  readonly #used = new Map<OrderId, Map<NodeId, Map<ContentId, number>>>();
  readonly #allowancesOf: (peer: NodeId) => readonly Allowance[];

  constructor(allowancesOf: (peer: NodeId) => readonly Allowance[]) {
    this.#allowancesOf = allowancesOf;
  }

  /** The order on whose account the object is taken; null when there is none with room for it. */
  take(peer: NodeId, id: ContentId, sizeBytes: number): OrderId | null {
    const orders = this.#allowancesOf(peer);
    // Brought again, after a broken transfer for one: it is counted already.
    const again = orders.find(({ orderId }) => this.#used.get(orderId)?.get(peer)?.has(id));
    if (again !== undefined) return again.orderId;
    for (const { orderId, maxBytes } of orders) {
      const brought = this.#broughtBy(peer, orderId);
      const used = [...brought.values()].reduce((sum, bytes) => sum + bytes, 0);
      // Each at least a block of the disk: so that many empty objects are many as well.
      const counted = Math.max(sizeBytes, MIN_COUNTED_BYTES);
      if (used + counted > Math.max(maxBytes, MIN_COUNTED_BYTES)) continue;
      brought.set(id, counted);
      return orderId;
    }
    return null;
  }

  release(orderId: OrderId): void {
    this.#used.delete(orderId);
  }

  #broughtBy(peer: NodeId, orderId: OrderId): Map<ContentId, number> {
    const peers = this.#used.get(orderId) ?? new Map<NodeId, Map<ContentId, number>>();
    const brought = peers.get(peer) ?? new Map<ContentId, number>();
    this.#used.set(orderId, peers.set(peer, brought));
    return brought;
  }
}

const MIN_COUNTED_BYTES = 4_096;
