import { BoundedMap, type Clock, limits, type NodeId, type PeerId } from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import type { RelayGate } from "@meshwork/p2p";
import type { Standing } from "./standing.ts";

/** Circuits that a node may open through this relay: a burst, and then so many a minute. */
interface Rate {
  readonly burst: number;
  readonly perMinute: number;
}
const MEMBERS: Rate = { burst: 120, perMinute: 60 };
/** Enough to register from behind a NAT. */
const STRANGERS: Rate = { burst: 8, perMinute: 4 };
/** Of the places, the part that strangers may hold together, and for how long one of them keeps his. */
const STRANGERS_PART = 10;
const STRANGER_MS = 600_000;

export interface AdmissionParts {
  /** The node that said hello with this PeerId; rejects when its hello failed. */
  nodeOf: (peerId: PeerId) => Promise<NodeId>;
  /** What the ledger says of a node. */
  standingOf: (node: NodeId) => Promise<Standing>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/**
 * Who may lean on this relay. libp2p's own limits would cut every task short, so they are lifted, and
 * here instead each node is known by name and counted: a place only after a hello, circuits at a bounded
 * rate. Whom the ledger does not know gets little, and whom it has barred nothing.
 */
export function relayGate(parts: AdmissionParts, options: { maxReservations: number }): RelayGate {
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
  const members = circuitAllowance(parts.clock, MEMBERS);
  const strangers = circuitAllowance(parts.clock, STRANGERS);
  const places = strangersPlaces(
    parts.clock,
    Math.max(1, Math.floor(options.maxReservations / STRANGERS_PART)),
  );
  const identify = async (peerId: PeerId) => {
    const node = await parts.nodeOf(peerId).catch(() => null);
    return node === null ? null : { node, standing: await parts.standingOf(node) };
  };
  return {
    async mayReserve(peerId) {
      const known = await identify(peerId);
      if (known === null) return refuse(peerId, "no-hello");
      if (known.standing === "barred") return refuse(peerId, "barred");
      if (known.standing !== "stranger") return true;
      return places.take(known.node) || refuse(peerId, "too-many-strangers");
    },
    async mayConnect(from) {
      const known = await identify(from);
      if (known === null) return refuse(from, "no-hello");
      if (known.standing === "barred") return refuse(from, "barred");
      const allowance = known.standing === "stranger" ? strangers : members;
      return allowance.take(known.node) || refuse(from, "too-many-circuits");
    },
  };
}

/** A token bucket a node. The longest unused is forgotten, which refills it: thousands must come first. */
function circuitAllowance(clock: Clock, { burst, perMinute }: Rate) {
  const buckets = new BoundedMap<NodeId, { tokens: number; at: number }>(limits.sendersKept);
  return {
    take(node: NodeId): boolean {
      const now = clock.monotonic();
      const last = buckets.get(node) ?? { tokens: burst, at: now };
      const tokens = Math.min(burst, last.tokens + ((now - last.at) / 60_000) * perMinute);
      buckets.set(node, { tokens: Math.max(0, tokens - 1), at: now });
      return tokens >= 1;
    },
  };
}

/** A stranger who is given a place again in time keeps it; one who has left makes room in the end. */
function strangersPlaces(clock: Clock, most: number) {
  const taken = new Map<NodeId, number>();
  return {
    take(node: NodeId): boolean {
      const now = clock.monotonic();
      for (const [each, until] of taken) if (until <= now) taken.delete(each);
      if (!taken.has(node) && taken.size >= most) return false;
      taken.set(node, now + STRANGER_MS);
      return true;
    },
  };
}
