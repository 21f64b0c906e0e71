import type { Connection } from "@libp2p/interface";
import { type Clock, messageOf, type Random, sleep } from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import { multiaddr } from "@multiformats/multiaddr";
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

/** @param addresses multiaddrs of the relays, each with its PeerId */
export function createRelays(parts: RelaysParts, addresses: readonly string[]): Relays {
  const controller = new AbortController();
  const { signal } = controller;
  const up = new Set<string>();
  const gauge = parts.metrics.gauge({ name: "relays_connected", help: "Relays this node is at." });

  const live = async (address: string): Promise<void> => {
    const connection = await connect(parts, address, signal);
    up.add(address);
    gauge.set(up.size);
    parts.log.info("relay is up", { address });
    parts.onUp();
    try {
      await closed(connection, signal);
    } finally {
      up.delete(address);
      gauge.set(up.size);
    }
  };

  const supervise = async (address: string) => {
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const failure = await live(address).then(
        () => null,
        (error: Error) => error,
      );
      if (signal.aborted) return;
      retryMs = failure === null ? FIRST_RETRY_MS : Math.min(2 * retryMs, LAST_RETRY_MS);
      const reason = failure === null ? "the connection was closed" : messageOf(failure);
      parts.log.warn("relay is down", { address, retryMs, reason });
      await sleep(parts.clock, jittered(retryMs, parts.random), signal).catch(() => {});
    }
  };
  return {
    start() {
      for (const address of addresses) void supervise(address);
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
  address: string,
  signal: AbortSignal,
): Promise<Connection> {
  const limit = { timeoutMs: DIAL_MS, reason: () => unreachable(address), signal };
  const connection = await withTimeout(clock, limit, (inner) =>
    host.dial(multiaddr(address), { signal: inner }),
  );
  await peers.greet(connection);
  // Without the tag a busy node would prune the connection like any other.
  await host.peerStore.merge(connection.remotePeer, {
    tags: { "keep-alive-meshwork-relay": { value: 100 } },
  });
  return connection;
}

const unreachable = (address: string) =>
  new P2pError("PEER_UNREACHABLE", `the relay at ${address} did not answer within ${DIAL_MS} ms`);

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
