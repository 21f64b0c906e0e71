import type { Clock, NodeId, Random } from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import type { NodeRecord } from "@meshwork/protocol";
import { createAnnouncer } from "./announcer.ts";
import { type Channels, createChannels } from "./channels.ts";
import { envelopeChecker } from "./check-envelope.ts";
import { type Admission, openAdmission } from "./check-record.ts";
import {
  createDiscovery,
  type Discovery,
  nodeRecordRules,
  type RecordContext,
} from "./discovery.ts";
import { createHost, createRelayHost, type Host } from "./host.ts";
import type { Identity } from "./identity.ts";
import { createPeerLimits, type PeerLimits } from "./limits-per-peer.ts";
import { createMessaging, type Messaging } from "./messaging.ts";
import { ownRecordSource } from "./own-record.ts";
import { createPeers, type Peers } from "./peers.ts";
import { createRecordBook, type RecordBook } from "./record-book.ts";
import { connectionGater, type RelayGate } from "./relay-gate.ts";
import { createRelays, type Relays, relayPlaces } from "./relays.ts";
import { createTopicRouter } from "./topic-router.ts";

/** Everything that a node needs to talk to others, wired by hand and stopped in reverse. */
export interface P2p {
  readonly nodeId: NodeId;
  readonly host: Host;
  readonly peers: Peers;
  readonly channels: Channels;
  readonly messaging: Messaging;
  readonly discovery: Discovery;
  readonly book: RecordBook;
  readonly relays: Relays;
  /** Multiaddrs with this node's PeerId, as others may dial them now. */
  addresses(): string[];
  ownRecord(): NodeRecord;
  start(): Promise<void>;
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
  /** Whom a relay serves. @default everybody */
  relayGate?: RelayGate;
}

export interface P2pOptions {
  /** Multiaddrs to listen on, as `/ip4/0.0.0.0/tcp/4001`. */
  listen: readonly string[];
  announce?: readonly string[];
  /** @default client */
  dht?: "client" | "server";
  /** Multiaddrs, with PeerIds, of the network's relays. @default none */
  relays?: readonly string[];
  /** Forwards for others: circuits, and broadcasts. @default false */
  relay?: { maxReservations?: number } | false;
}

/** Builds all parts; register handlers, then `start`. */
export async function createP2p(parts: P2pParts, options: P2pOptions): Promise<P2p> {
  const { identity, clock } = parts;
  const { chainId, nodeId } = identity;
  const peerLimits = createPeerLimits({ clock, drop: (who, why) => drop(who, new Error(why)) });
  const admission = shuttingOut(parts.admission ?? openAdmission, peerLimits);
  const context = { chainId, admission, clock };
  const host = await buildHost(parts, options, context);
  const addresses = () => host.getMultiaddrs().map(String);
  const ownRecord = ownRecordSource({ identity, clock }, addresses);
  const book = createRecordBook({ clock });
  const shared = { ...parts, ...context, host, book, ownRecord };
  const discovery = createDiscovery(shared);
  const peers = createPeers({ ...shared, ask: discovery.ask });
  const { drop } = peers;
  const channels = createChannels({ ...shared, peers });
  const check = envelopeChecker({ ...context, self: nodeId });
  const messaging = createMessaging({ ...shared, channels, peers, discovery, check, peerLimits });
  const announcer = createAnnouncer({ ...shared, discovery });
  const onUp = announcer.touch;
  const places = relayPlaces(options.relays ?? []);
  const relays = createRelays({ ...shared, peers, onUp }, places, { reserve: !options.relay });
  const router = createTopicRouter({ host, chainId, broadcasting: messaging });
  return {
    nodeId,
    host,
    peers,
    channels,
    messaging,
    discovery,
    book,
    addresses,
    ownRecord,
    relays,
    async start() {
      await peers.start();
      await messaging.start();
      await host.start();
      if (options.relay) router.start();
      relays.start();
      announcer.start();
    },
    async stop() {
      announcer.stop();
      relays.stop();
      if (options.relay) router.stop();
      messaging.stop();
      await peers.stop();
      await host.stop();
    },
  };
}

/** Who was dropped for his offences is not let in again at once. */
function shuttingOut(admission: Admission, peerLimits: PeerLimits): Admission {
  return {
    check: (record) =>
      peerLimits.isShutOut(record.unsigned.nodeId)
        ? { refused: "too many offences a moment ago" }
        : admission.check(record),
    keyOf: admission.keyOf,
    isBlacklisted: admission.isBlacklisted,
  };
}

function buildHost(parts: P2pParts, options: P2pOptions, context: RecordContext): Promise<Host> {
  const hostOptions = {
    transportSeed: parts.identity.transportSeed,
    listen: options.listen,
    dht: options.dht ?? "client",
    recordRules: nodeRecordRules(context),
    ...(options.announce ? { announce: options.announce } : {}),
    ...(parts.relayGate ? { gater: connectionGater(parts.relayGate) } : {}),
  } as const;
  return options.relay
    ? createRelayHost({ ...hostOptions, ...options.relay })
    : createHost(hostOptions);
}
