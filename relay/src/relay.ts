import {
  deriveSeed,
  keyPairFromSecret,
  type SecretBundle,
  x25519PublicKey,
} from "@meshwork/crypto";
import {
  type Clock,
  CodedError,
  type NodeId,
  type PeerId,
  type Random,
} from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import {
  type Admission,
  createIdentity,
  createP2p,
  type Identity,
  openAdmission,
  type P2p,
} from "@meshwork/p2p";
import { chainIdOf, type Genesis, genesis as genesisWire, requestNames } from "@meshwork/protocol";
import { relayGate } from "./admission.ts";
import { HeaderFollower } from "./follow-headers.ts";
import { measureNearness } from "./measure-nearness.ts";
import { presentKeys } from "./present-keys.ts";
import { standings } from "./standing.ts";

/** Bootstrap peer, DHT server, circuit relay and broadcast router: it forwards, and never opens. */
export interface Relay {
  readonly nodeId: NodeId;
  readonly peerId: PeerId;
  /** Multiaddrs, each with the PeerId. */
  addresses(): string[];
  /** Why it cannot serve, or null. */
  unready(): string | null;
  stop(): Promise<void>;
}

export interface RelayParts {
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
}

export interface RelayOptions {
  secrets: SecretBundle;
  genesis: Genesis;
  listen: readonly string[];
  announce: readonly string[];
  relays: readonly string[];
  maxReservations: number;
  region: string;
}

export class RelayError extends CodedError<"CANNOT_LISTEN"> {}

export async function startRelay(parts: RelayParts, options: RelayOptions): Promise<Relay> {
  const identity = identityOf(parts, options);
  const { listen, announce, relays, maxReservations } = options;
  const connected = () => p2p.peers.connected();
  const gate = relayGate(
    {
      ...parts,
      nodeOf: (peerId) => p2p.peers.whoIs(peerId),
      standingOf: (node) => standingOf(node),
    },
    { maxReservations },
  );
  const admission: Admission = {
    ...openAdmission,
    keyOf: (node, shown) => presentKeyOf(node, shown),
  };
  const p2p: P2p = await createP2p(
    { ...parts, identity, admission, relayGate: gate },
    { listen, announce, relays, dht: "server", relay: { maxReservations } },
  );
  const ledger = { ...parts, ...p2p, connected };
  const headers = new HeaderFollower(ledger, options.genesis);
  const standingOf = standings({ ...ledger, headers });
  const presentKeyOf = presentKeys({ ...ledger, headers });
  serveGenesis(p2p, options.genesis);
  measureNearness(
    {
      ...{ ...parts, messaging: p2p.messaging, me: identity.nodeId },
      ...{ keyPair: identity.keyPair, chainId: chainIdOf(options.genesis) },
    },
    options.region,
  );
  const stop = async () => {
    headers.stop();
    await p2p.stop();
  };
  await p2p.start();
  const unready = () => (p2p.addresses().length === 0 ? "it listens nowhere" : null);
  if (unready() !== null) {
    await stop();
    throw cannotListen(listen);
  }
  const { nodeId, peerId } = identity;
  return { nodeId, peerId, addresses: p2p.addresses, unready, stop };
}

function identityOf(parts: RelayParts, { secrets, genesis, region }: RelayOptions): Identity {
  const { identitySecret, keyVersion, nodeId } = secrets;
  return createIdentity(parts, {
    chainId: chainIdOf(genesis),
    keyPair: keyPairFromSecret(identitySecret),
    keyVersion,
    ...(nodeId === undefined ? {} : { nodeId }),
    roles: ["relay"],
    region,
    sealKey: x25519PublicKey(deriveSeed(identitySecret, "sealing", keyVersion)),
    software: "meshwork/0.1.0",
  });
}

/** Who joins by invite knows the hash of the genesis, so that it does not matter who gives it. */
function serveGenesis(p2p: P2p, genesis: Genesis): void {
  const bytes = genesisWire.encode(genesis);
  p2p.messaging.handle(requestNames.genesis, { onRequest: () => bytes });
}

/** libp2p starts without a word when all its ports are taken. */
const cannotListen = (listen: readonly string[]) =>
  new RelayError(
    "CANNOT_LISTEN",
    `none of ${listen.join(", ")} can be listened on: is another process there? Set MESHWORK_LISTEN`,
    { detail: { listen } },
  );
