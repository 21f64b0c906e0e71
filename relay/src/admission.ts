import { type Clock, limits, type NodeId, type PeerId } from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import type { RelayGate } from "@meshwork/p2p";

/** Circuits that one node may open through this relay: a burst, and then so many a minute. */
const CIRCUIT_BURST = 120;
const CIRCUITS_PER_MINUTE = 60;

export interface AdmissionParts {
  /** The node that said hello with this PeerId; rejects when its hello failed. */
  nodeOf: (peerId: PeerId) => Promise<NodeId>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/**
 * Who may lean on this relay. libp2p's own limits would cut every task short, so they are lifted, and
 * here instead each node is known by name and counted: a place only after a hello, and circuits at a
 * bounded rate. The relay does not see the ledger yet: a stranger with a valid record is let in.
 */
export function relayGate(parts: AdmissionParts): RelayGate {
  const refused = parts.metrics.counter({
    name: "relay_refused",
    help: "Reservations and circuits that this relay refused, by reason.",
    labels: ["reason"],
  });
  const refuse = (peerId: PeerId, reason: string): false => {
    refused.add(1, { reason });
    parts.log.info("refused", { peerId, reason });
    return false;
  };
  const allowance = circuitAllowance(parts.clock);
  const nodeOf = (peerId: PeerId) => parts.nodeOf(peerId).catch(() => null);
  return {
    async mayReserve(peerId) {
      return (await nodeOf(peerId)) !== null || refuse(peerId, "no-hello");
    },
    async mayConnect(from) {
      const node = await nodeOf(from);
      if (node === null) return refuse(from, "no-hello");
      return allowance.take(node) || refuse(from, "too-many-circuits");
    },
  };
}

/** A token bucket a node. The longest unused is forgotten, which refills it: thousands must come first. */
function circuitAllowance(clock: Clock) {
  const buckets = new Map<NodeId, { tokens: number; at: number }>();
  return {
    take(node: NodeId): boolean {
      const now = clock.monotonic();
      const last = buckets.get(node) ?? { tokens: CIRCUIT_BURST, at: now };
      const earned = ((now - last.at) / 60_000) * CIRCUITS_PER_MINUTE;
      const tokens = Math.min(CIRCUIT_BURST, last.tokens + earned);
      buckets.delete(node);
      buckets.set(node, { tokens: Math.max(0, tokens - 1), at: now });
      for (const oldest of buckets.keys()) {
        if (buckets.size <= limits.sendersKept) break;
        buckets.delete(oldest);
      }
      return tokens >= 1;
    },
  };
}
