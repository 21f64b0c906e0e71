import {
  type CircuitRelayService,
  circuitRelayServer,
  circuitRelayTransport,
} from "@libp2p/circuit-relay-v2";
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { type GossipSub, gossipsub } from "@libp2p/gossipsub";
import { type Identify, identify } from "@libp2p/identify";
import { type ConnectionGater, FaultTolerance, type Libp2p } from "@libp2p/interface";
import { type KadDHT, kadDHT, passthroughMapper } from "@libp2p/kad-dht";
import { noise } from "@libp2p/noise";
import { type Ping, ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { webSockets } from "@libp2p/websockets";
import { yamux } from "@libp2p/yamux";
import { limits } from "@meshwork/foundation";
import { streamNames } from "@meshwork/protocol";
import { createLibp2p } from "libp2p";
import { BoundedDatastore } from "./bounded-datastore.ts";
import { type Circuits, circuitsOf } from "./circuits.ts";

/** The one place that builds libp2p: every trap of it that we know is stepped around here. */
export type Host = Libp2p<HostServices>;

export interface HostServices extends Record<string, unknown> {
  identify: Identify;
  ping: Ping;
  dht: KadDHT;
  pubsub: GossipSub;
  circuits: Circuits;
}
export type RelayHost = Libp2p<HostServices & { circuitRelay: CircuitRelayService }>;

export interface HostOptions {
  /** 32 bytes from which the Ed25519 transport key is made: `deriveTransportSeed`. */
  transportSeed: Uint8Array;
  /** Multiaddrs. */
  listen: readonly string[];
  /** What to tell others instead of what is listened on. @default what is listened on */
  announce?: readonly string[];
  /** Whether this node stores records for others: never decided by guessing at addresses. */
  dht: "client" | "server";
  recordRules: RecordRules;
  gater?: ConnectionGater;
}

/** What may be stored in the DHT, and which of several answers counts. */
export interface RecordRules {
  /** The first part of every key: `/<namespace>/<name>`. */
  namespace: string;
  /** Throws when `value` may not be stored under `key`. */
  validate(key: Uint8Array, value: Uint8Array): void;
  /** The index of the best of `values`, all of them valid. */
  select(key: Uint8Array, values: readonly Uint8Array[]): number;
}

/** libp2p's defaults suit a browser: 5 new connections a second and address, 10 handshakes at once. */
const EDGE = {
  maxConnections: 300,
  inboundConnectionThreshold: 50,
  maxIncomingPendingConnections: 50,
};
const RELAY = {
  maxConnections: 4_000,
  // Behind a balancer, or a carrier's NAT, many peers share one address.
  inboundConnectionThreshold: 500,
  maxIncomingPendingConnections: 500,
};

export async function createHost(options: HostOptions): Promise<Host> {
  return createLibp2p<HostServices>({
    start: false,
    ...(await common(options)),
    connectionManager: { ...TIMEOUTS, ...EDGE },
    services: services(options),
  });
}

export interface RelayHostOptions extends HostOptions {
  /** @default 1000 */
  maxReservations?: number;
}

/** A host that also forwards for peers which nobody can dial. */
export async function createRelayHost(options: RelayHostOptions): Promise<RelayHost> {
  return createLibp2p<HostServices & { circuitRelay: CircuitRelayService }>({
    start: false,
    ...(await common(options)),
    connectionManager: { ...TIMEOUTS, ...RELAY },
    services: {
      ...services(options),
      circuitRelay: circuitRelayServer({
        hopTimeout: 10_000,
        maxOutboundStopStreams: 1_000,
        maxInboundHopStreams: 64,
        reservations: {
          maxReservations: options.maxReservations ?? 1_000,
          // The defaults (128 KiB, two minutes) would cut every task short; the gater counts instead.
          applyDefaultLimit: false,
        },
      }),
    },
  });
}

const TIMEOUTS = {
  dialTimeout: 10_000,
  addressDialTimeout: 5_000,
  inboundUpgradeTimeout: 5_000,
  maxParallelDials: 50,
  // Our own supervisor (`relays.ts`) goes on where libp2p gives up.
  reconnectRetries: 2,
  reconnectRetryInterval: 500,
};

async function common(options: HostOptions) {
  return {
    privateKey: await generateKeyPairFromSeed("Ed25519", options.transportSeed),
    nodeInfo: { userAgent: "meshwork" },
    datastore: new BoundedDatastore(),
    addresses: { listen: [...options.listen], announce: [...(options.announce ?? [])] },
    transports: [tcp(), webSockets(), circuitRelayTransport({ reservationConcurrency: 2 })],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: { ...STREAM } })],
    // A relay that is down must not keep a node from starting.
    transportManager: { faultTolerance: FaultTolerance.NO_FATAL },
    // A peer whose event loop is busy answers late; its connection is still good.
    connectionMonitor: { abortConnectionOnPingFailure: false },
    ...(options.gater ? { connectionGater: options.gater } : {}),
  };
}

/** A paused stream still takes what its window allows: the buffer must hold a whole window. */
const STREAM = { maxStreamWindowSize: 2 << 20, maxReadBufferLength: 4 << 20 };

function services({ dht, recordRules }: HostOptions) {
  const { namespace, validate, select } = recordRules;
  return {
    circuits: circuitsOf,
    identify: identify({ runOnLimitedConnection: true }),
    ping: ping(),
    // Not `allowQueryWithZeroPeers`: the search for relays would then spin without a pause until the
    // first peer is there (its random walk awaits nothing else).
    dht: kadDHT({
      protocol: streamNames.dht,
      clientMode: dht === "client",
      // Private addresses are ordinary here: the network decides, not the address range.
      peerInfoMapper: passthroughMapper,
      validators: { [namespace]: (key, value) => validate(key, value) },
      selectors: { [namespace]: (key, values) => select(key, values) },
    }),
    pubsub: gossipsub({
      // Payloads are SM2-signed envelopes; a second signature would only cost time.
      globalSignaturePolicy: "StrictNoSign",
      allowPublishToZeroTopicPeers: true,
      fallbackToFloodsub: false,
      emitSelf: false,
      runOnLimitedConnection: true,
      maxInboundDataLength: limits.gossipBytes,
    }),
  };
}
