import type { ConnectionGater } from "@libp2p/interface";
import type { Clock, NodeId, Random } from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import type { NodeRecord } from "@meshwork/protocol";
import { type Channels, createChannels } from "./channels.ts";
import { type Admission, openAdmission } from "./check-record.ts";
import { createDiscovery, type Discovery, nodeRecordRules } from "./discovery.ts";
import { createHost, createRelayHost, type Host } from "./host.ts";
import type { Identity } from "./identity.ts";
import { ownRecordSource } from "./own-record.ts";
import { createPeers, type Peers } from "./peers.ts";
import { createRecordBook, type RecordBook } from "./record-book.ts";

/** Everything that a node needs to talk to others, wired by hand and stopped in reverse. */
export interface P2p {
  readonly nodeId: NodeId;
  readonly host: Host;
  readonly peers: Peers;
  readonly channels: Channels;
  readonly discovery: Discovery;
  readonly book: RecordBook;
  /** Multiaddrs with this node's PeerId, as others may dial them now. */
  addresses(): string[];
  ownRecord(): NodeRecord;
  stop(): Promise<void>;
}

export interface P2pParts {
  identity: Identity;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  /** @default everybody is let in */
  admission?: Admission;
  gater?: ConnectionGater;
}

export interface P2pOptions {
  /** Multiaddrs to listen on, as `/ip4/0.0.0.0/tcp/4001`. */
  listen: readonly string[];
  announce?: readonly string[];
  /** @default client */
  dht?: "client" | "server";
  /** Forwards for others. @default false */
  relay?: { maxReservations?: number } | false;
}

export async function startP2p(parts: P2pParts, options: P2pOptions): Promise<P2p> {
  const { identity, clock, admission = openAdmission } = parts;
  const { chainId } = identity;
  const host = await buildHost(parts, options, admission);
  const addresses = () => host.getMultiaddrs().map(String);
  const ownRecord = ownRecordSource({ identity, clock }, addresses);
  const book = createRecordBook({ clock });
  const discovery = createDiscovery({ host, book, chainId, admission, clock });
  const shared = { ...parts, admission, chainId, host, book, ownRecord };
  const peers = createPeers({ ...shared, find: discovery.find });
  const channels = createChannels({ ...shared, peers });
  await peers.start();
  await host.start();
  return {
    nodeId: identity.nodeId,
    host,
    peers,
    channels,
    discovery,
    book,
    addresses,
    ownRecord,
    async stop() {
      await peers.stop();
      await host.stop();
    },
  };
}

function buildHost(parts: P2pParts, options: P2pOptions, admission: Admission): Promise<Host> {
  const { chainId, transportSeed } = parts.identity;
  const hostOptions = {
    transportSeed,
    listen: options.listen,
    dht: options.dht ?? "client",
    recordRules: nodeRecordRules({ chainId, admission, clock: parts.clock }),
    ...(options.announce ? { announce: options.announce } : {}),
    ...(parts.gater ? { gater: parts.gater } : {}),
  } as const;
  return options.relay
    ? createRelayHost({ ...hostOptions, ...options.relay })
    : createHost(hostOptions);
}
