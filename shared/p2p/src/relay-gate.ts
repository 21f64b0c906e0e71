import type { ConnectionGater } from "@libp2p/interface";
import type { PeerId } from "@meshwork/foundation";

/** Whom a relay serves. */
export interface RelayGate {
  /** Whether the peer may have a place here, by which others reach it. */
  mayReserve(peerId: PeerId): Promise<boolean>;
  /** Whether `from` may open a circuit to `to`, which has a place here. */
  mayConnect(from: PeerId, to: PeerId): Promise<boolean>;
}

/** The same as libp2p asks it: it wants to know what is denied. */
export function connectionGater(gate: RelayGate): ConnectionGater {
  return {
    denyInboundRelayReservation: async (peer) =>
      !(await gate.mayReserve(peer.toString() as PeerId)),
    denyOutboundRelayedConnection: async (from, to) =>
      !(await gate.mayConnect(from.toString() as PeerId, to.toString() as PeerId)),
  };
}
