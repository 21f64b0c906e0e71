import { type Clock, limits, type NodeId } from "@meshwork/foundation";

/** What no honest peer sends. */
const GARBAGE: ReadonlySet<string> = new Set([
  "CERTIFICATE_INVALID",
  "BLOCK_INVALID",
  "WIRE_MALFORMED",
  "WIRE_NOT_CANONICAL",
  "WIRE_TOO_LARGE",
]);
export const isGarbage = (code: string): boolean => GARBAGE.has(code);

const REST_MS: Readonly<Record<string, number>> = {
  SYNC_STALLED: limits.syncRetryMs,
  // He will not have them later either: time to ask everybody else.
  SYNC_BEGINS_LATER: 60_000,
};
const FIRST_PAUSE_MS = 250;

/** Peers that are left alone for a while, and how often in a row they have failed. */
export class RestingPeers {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #resting = new Map<NodeId, { until: number; failures: number }>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** Quick at first, for peers that start when this node does. */
  rest(peer: NodeId, code: string): void {
    const failures = (this.#resting.get(peer)?.failures ?? 0) + 1;
    const pauseMs = Math.min(limits.syncRetryMs, FIRST_PAUSE_MS * 2 ** (failures - 1));
    const restMs = isGarbage(code) ? limits.syncBanMs : (REST_MS[code] ?? pauseMs);
    this.#resting.set(peer, { until: this.#clock.monotonic() + restMs, failures });
  }

  rests(peer: NodeId): boolean {
    return (this.#resting.get(peer)?.until ?? 0) > this.#clock.monotonic();
  }

  forget(peer: NodeId): void {
    this.#resting.delete(peer);
  }

  /** Only who rests, or may be asked again, is remembered. */
  keepOnly(candidates: readonly NodeId[]): void {
    for (const peer of this.#resting.keys())
      if (!this.rests(peer) && !candidates.includes(peer)) this.#resting.delete(peer);
  }
}
