import { join } from "node:path";
import { readEnvironment } from "@meshwork/foundation";
import { logLevels } from "@meshwork/observability";
import { z } from "zod";

const port = z.coerce.number("a port is a number from 0 to 65535").int().min(0).max(65_535);
const list = (what: string) =>
  z
    .string(what)
    .transform((text) => text.split(",").map((item) => item.trim()))
    .pipe(z.array(z.string().startsWith("/", what)).min(1, what));

/** Every setting of a relay. @default values suit a machine with a public address. */
const settings = z.object({
  /** The relay's folder, where its keystore is; its keys are made there at the first start. */
  MESHWORK_DATA: z.string("name the relay's folder; it keeps its keys there"),
  /** Names the network, and is given to those who join by invite. */
  MESHWORK_GENESIS: z.string("name the network's genesis file"),
  /** @default <data>/keystore.json and <data>/passphrase */
  MESHWORK_KEYSTORE: z.string().optional(),
  MESHWORK_PASSPHRASE_FILE: z.string().optional(),
  /** TCP for nodes; WebSocket for those whose network lets nothing else out, and for browsers. */
  MESHWORK_LISTEN: list("multiaddrs such as /ip4/0.0.0.0/tcp/4001, separated by commas").default([
    "/ip4/0.0.0.0/tcp/4001",
    "/ip4/0.0.0.0/tcp/4002/ws",
  ]),
  /** Where others find the relay, if it is not where it listens: behind a balancer or by DNS. */
  MESHWORK_ANNOUNCE: list("multiaddrs such as /dns4/relay.example.org/tcp/4001").optional(),
  /** The other relays of the network: their DHTs are one. */
  MESHWORK_RELAYS: list("multiaddrs with /p2p/, separated by commas").optional(),
  /** Nodes that this relay makes reachable at the same time. */
  MESHWORK_MAX_RESERVATIONS: z.coerce
    .number("a whole number")
    .int("a whole number")
    .min(1)
    .max(100_000)
    .default(1_000),
  /** /metrics, /healthz and /readyz. @default 0: any free port */
  MESHWORK_PROBE_PORT: port.default(0),
  /** Where the probe listens: metrics tell strangers too much, so on loopback unless told otherwise. */
  MESHWORK_PROBE_HOST: z.string().default("127.0.0.1"),
  MESHWORK_LOG_LEVEL: z.enum(logLevels, `one of ${logLevels.join(", ")}`).default("info"),
  MESHWORK_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, "lower-case letters, digits and hyphens")
    .default("local"),
});

export interface RelayConfig {
  genesisFile: string;
  keystoreFile: string;
  passphraseFile: string;
  listen: readonly string[];
  announce: readonly string[];
  relays: readonly string[];
  maxReservations: number;
  probe: { port: number; host: string };
  logLevel: (typeof logLevels)[number];
  region: string;
}

/** Throws a `ConfigError` that names the variable, its value and what to do. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): RelayConfig {
  const read = readEnvironment(settings, environment);
  const folder = read.MESHWORK_DATA;
  return Object.freeze({
    genesisFile: read.MESHWORK_GENESIS,
    keystoreFile: read.MESHWORK_KEYSTORE ?? join(folder, "keystore.json"),
    passphraseFile: read.MESHWORK_PASSPHRASE_FILE ?? join(folder, "passphrase"),
    listen: read.MESHWORK_LISTEN,
    announce: read.MESHWORK_ANNOUNCE ?? [],
    relays: read.MESHWORK_RELAYS ?? [],
    maxReservations: read.MESHWORK_MAX_RESERVATIONS,
    probe: { port: read.MESHWORK_PROBE_PORT, host: read.MESHWORK_PROBE_HOST },
    logLevel: read.MESHWORK_LOG_LEVEL,
    region: read.MESHWORK_REGION,
  });
}
