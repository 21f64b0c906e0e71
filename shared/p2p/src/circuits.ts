import type { PeerId, Transport } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";

/** Places at relays, by which nodes that nobody can dial are reached. */
export interface Circuits {
  has(relay: PeerId): boolean;
  /**
   * Asks a relay to which a connection stands for a place, and listens there: the address of the
   * circuit appears among the host's own, and goes when the connection does. Rejects when refused.
   */
  reserve(relay: PeerId, address: Multiaddr): Promise<void>;
}

/**
 * libp2p itself offers to find relays (`/p2p-circuit`), and then, while it has fewer places than were
 * asked for, walks the DHT at random without a pause: a twentieth of a core and megabytes a minute in
 * each node, for as long as one relay is down. So each place is asked for by name, and asked for again
 * by whoever keeps the relay (`relays.ts`).
 */
export function circuitsOf(components: Components): Circuits {
  const { transportManager } = components;
  const listening = new Set<string>();
  const store = () => {
    const circuit = transportManager.getTransports().find(isCircuit);
    if (circuit === undefined) throw new TypeError("the host has no circuit transport");
    return circuit.reservationStore;
  };
  return {
    has: (relay) => store().hasReservation(relay),
    async reserve(relay, address) {
      const reservations = store();
      // One dial that failed would bar the relay for as long as this node runs.
      reservations.relayFilter = { has: () => false, add: () => {} };
      // The listener of an earlier place at this relay takes up the new one.
      if (listening.has(relay.toString())) await reservations.addRelay(relay, "configured");
      else await transportManager.listen([address.encapsulate("/p2p-circuit")]);
      if (!reservations.hasReservation(relay)) throw new Error(`${relay} gave no place`);
      listening.add(relay.toString());
    },
  };
}

interface Components {
  transportManager: {
    getTransports(): Transport[];
    listen(addresses: Multiaddr[]): Promise<void>;
  };
}

/** What libp2p's circuit transport has, but does not declare in its door. */
interface CircuitTransport extends Transport {
  readonly reservationStore: {
    relayFilter: { has(bytes: Uint8Array): boolean; add(bytes: Uint8Array): void };
    hasReservation(relay: PeerId): boolean;
    addRelay(relay: PeerId, type: "configured"): Promise<unknown>;
  };
}

const isCircuit = (transport: Transport): transport is CircuitTransport =>
  "reservationStore" in transport;
