import { type Clock, limits, type NodeId } from "@meshwork/foundation";

/** How much each peer may bring an hour. The count is soft state: a restart forgets it. */
export class PutQuota {
  readonly #clock: Clock;
  #used = new Map<NodeId, number>();
  #windowStart: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#windowStart = clock.monotonic();
  }

  /** False when it would be too much: nothing is counted then. */
  take(peer: NodeId, sizeBytes: number): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#windowStart >= limits.blobQuotaWindowMs) {
      this.#used = new Map();
      this.#windowStart = now;
    }
    const used = (this.#used.get(peer) ?? 0) + sizeBytes;
    const isNew = !this.#used.has(peer);
    if (used > limits.blobQuotaBytes || (isNew && this.#used.size >= limits.blobQuotaPeers))
      return false;
    this.#used.set(peer, used);
    return true;
  }
}
