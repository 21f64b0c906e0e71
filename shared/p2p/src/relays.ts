import type { Connection } from "@libp2p/interface";
import { type Clock, messageOf, type Random, sleep } from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { P2pError } from "./errors.ts";
import type { Host } from "./host.ts";
import type { Peers } from "./peers.ts";
import { withTimeout } from "./timeout.ts";

/**
 * Keeps a connection to every relay of the network, for good. libp2p itself gives up after a few
 * failed attempts and forgets the relay, and with it the reservation that made this node reachable.
 */
export interface Relays {
  start(): void;
  stop(): void;
  /** How many of the configured relays have a connection with a finished hello. */
  readonly connected: number;
}

/** One relay, and the ways to it: TCP, WebSocket, by name or by number. */
export interface RelayPlace {
  readonly peerId: string;
  readonly addresses: readonly Multiaddr[];
}

/** Throws on an address that is none, or that does not say whose it is. */
export function relayPlaces(addresses: readonly string[]): RelayPlace[] {
  const places = Map.groupBy(
    addresses.map((text) => multiaddr(text)),
    peerIdIn,
  );
  return [...places].map(([peerId, addresses]) => ({ peerId, addresses }));
}

function peerIdIn(address: Multiaddr): string {
  const last = address.getComponents().at(-1);
  if (last?.name === "p2p" && last.value !== undefined) return last.value;
  throw new P2pError(
    "RELAY_ADDRESS_INVALID",
    `${address} does not say which relay it is of: it must end in /p2p/<PeerId>`,
    { detail: { address: address.toString() } },
  );
}

export interface RelaysParts {
  host: Host;
  peers: Peers;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  /** A relay is there (again): tell it, and through it the DHT, where this node is. */
  onUp: () => void;
}

const FIRST_RETRY_MS = 500;
/** Relays are few and everything hangs on them: worth a dial every ten seconds. */
const LAST_RETRY_MS = 10_000;
const DIAL_MS = 10_000;
const PLACES = 3;
/** libp2p renews a place before it expires; this is for when that failed. */
const PLACE_CHECK_MS = 30_000;
const PLACE_RETRY_MS = 5_000;

/** @param options.reserve whether to ask for places at them: a relay itself needs none */
export function createRelays(
  parts: RelaysParts,
  relays: readonly RelayPlace[],
  options: { reserve: boolean },
): Relays {
  const controller = new AbortController();
  const { signal } = controller;
  const up = new Set<string>();
  const gauge = parts.metrics.gauge({ name: "relays_connected", help: "Relays this node is at." });

  const live = async (relay: RelayPlace): Promise<void> => {
    const connection = await connect(parts, relay, signal);
    up.add(relay.peerId);
    gauge.set(up.size);
    parts.log.info("relay is up", { address: connection.remoteAddr.toString() });
    parts.onUp();
    const over = closed(connection, signal);
    try {
      // A place at each of the first few: any one of them may be down.
      if (options.reserve && relays.indexOf(relay) < PLACES)
        await keepPlace(parts, connection, over);
      await over;
    } finally {
      up.delete(relay.peerId);
      gauge.set(up.size);
    }
  };

  const supervise = async (relay: RelayPlace) => {
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const failure = await live(relay).then(
        () => null,
        (error: Error) => error,
      );
      if (signal.aborted) return;
      retryMs = failure === null ? FIRST_RETRY_MS : Math.min(2 * retryMs, LAST_RETRY_MS);
      const reason = failure === null ? "the connection was closed" : messageOf(failure);
      parts.log.warn("relay is down", { peerId: relay.peerId, retryMs, reason });
      await sleep(parts.clock, jittered(retryMs, parts.random), signal).catch(() => {});
    }
  };
  return {
    start() {
      for (const relay of relays) void supervise(relay);
    },
    stop() {
      controller.abort(new P2pError("STOPPED", "this node stops"));
    },
    get connected() {
      return up.size;
    },
  };
}

async function connect(
  { host, peers, clock }: RelaysParts,
  { peerId, addresses }: RelayPlace,
  signal: AbortSignal,
): Promise<Connection> {
  const limit = { timeoutMs: DIAL_MS, reason: () => unreachable(peerId), signal };
  const connection = await withTimeout(clock, limit, (inner) =>
    host.dial([...addresses], { signal: inner }),
  );
  await peers.greet(connection);
  // Without the tag a busy node would prune the connection like any other.
  await host.peerStore.merge(connection.remotePeer, {
    tags: { "keep-alive-meshwork-relay": { value: 100 } },
  });
  return connection;
}

const unreachable = (peerId: string) =>
  new P2pError("PEER_UNREACHABLE", `the relay ${peerId} did not answer within ${DIAL_MS} ms`);

/** Asks for a place, and again when it was lost, for as long as the connection stands. */
async function keepPlace(
  { host, clock, log }: RelaysParts,
  { remotePeer, remoteAddr }: Connection,
  over: Promise<void>,
): Promise<void> {
  const { circuits } = host.services;
  const controller = new AbortController();
  over.then(() => controller.abort());
  while (!controller.signal.aborted) {
    try {
      if (!circuits.has(remotePeer)) await circuits.reserve(remotePeer, remoteAddr);
    } catch (error) {
      log.warn("no place at the relay", {
        peerId: remotePeer.toString(),
        reason: messageOf(error),
      });
    }
    const pauseMs = circuits.has(remotePeer) ? PLACE_CHECK_MS : PLACE_RETRY_MS;
    await sleep(clock, pauseMs, controller.signal).catch(() => {});
  }
}

function closed(connection: Connection, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (connection.status !== "open" || signal.aborted) return resolve();
    connection.addEventListener("close", () => resolve());
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Between half and all of it: a relay that restarts is not met by all its edges at once. */
function jittered(delayMs: number, random: Random): number {
  const [byte = 0] = random.bytes(1);
  return delayMs / 2 + (delayMs / 2) * (byte / 255);
}
