import type { ContentId, OrderId } from "@meshwork/foundation";

/** What orders that are not done yet need on this machine: no other object makes room before it. */
export class Pins {
  readonly #byOrder = new Map<OrderId, Set<ContentId>>();
  readonly #orders = new Map<ContentId, number>();

  has(id: ContentId): boolean {
    return this.#orders.has(id);
  }

  pin(orderId: OrderId, id: ContentId): void {
    const pinned = this.#byOrder.get(orderId) ?? new Set();
    this.#byOrder.set(orderId, pinned);
    if (pinned.has(id)) return;
    pinned.add(id);
    this.#orders.set(id, (this.#orders.get(id) ?? 0) + 1);
  }

  /** The order is done, or will never be. */
  release(orderId: OrderId): void {
    for (const id of this.#byOrder.get(orderId) ?? []) {
      const left = (this.#orders.get(id) ?? 1) - 1;
      if (left === 0) this.#orders.delete(id);
      else this.#orders.set(id, left);
    }
    this.#byOrder.delete(orderId);
  }
}
