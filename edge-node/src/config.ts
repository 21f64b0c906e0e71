import { availableParallelism } from "node:os";
import { join } from "node:path";
import { messageOf, readEnvironment } from "@meshwork/foundation";
import { logLevels } from "@meshwork/observability";
import { parseAnchorPlace, parseObjectPlace } from "@meshwork/storage/place";
import { checkpointFromText, type NamedBlock } from "@meshwork/verify";
import { z } from "zod";
import { fetchHostFlaw } from "./worker/outside/fetch-hosts.ts";
import type { OutsideOptions } from "./worker/outside/services.ts";

const port = z.coerce.number("a port is a number from 0 to 65535").int().min(0).max(65_535);
const list = (what: string) =>
  z
    .string(what)
    .transform((text) => text.split(",").map((item) => item.trim()))
    .pipe(z.array(z.string().startsWith("/", what)).min(1, what));

const hosts = z.string().transform((text, context) => {
  const list = text.split(",").map((entry) => entry.trim());
  for (const entry of list) {
    const flaw = fetchHostFlaw(entry);
    if (flaw !== null) context.addIssue(flaw);
  }
  return list;
});

/** A place is told as text, and opened by who needs it; a wrong one ends the program at its start. */
const place = (parse: (address: string) => unknown) =>
  z.string().transform((address, context) => {
    try {
      parse(address);
    } catch (error) {
      context.addIssue(messageOf(error));
    }
    return address;
  });

const checkpoint = z.string().transform((text, context) => {
  const named = checkpointFromText(text);
  if (named !== null) return named;
  context.addIssue("a block's height and hash, such as 1200:0f3a…, as `backup verify` prints them");
  return z.NEVER;
});

/**
 * Every setting of an edge node. @default values suit a worker at home. Where the cloud is, and who
 * this node is there, are the settings of the AWS SDK.
 */
const settings = z
  .object({
    /** The node's folder: keystore, passphrase, vote key and log, ledger, objects. */
    MESHWORK_DATA: z.string(
      "name the node's folder, as `meshwork network create` or `node run` made it",
    ),
    /** The network's genesis file. Not needed where the folder knows it from an earlier start. */
    MESHWORK_GENESIS: z.string().optional(),
    /** Joins by invite: names the network and its relays, and pays the registration. */
    MESHWORK_INVITE: z.string().optional(),
    MESHWORK_RELAYS: list("multiaddrs with /p2p/, separated by commas").optional(),
    /** @default <data>/keystore.json and <data>/passphrase */
    MESHWORK_KEYSTORE: z.string().optional(),
    MESHWORK_PASSPHRASE_FILE: z.string().optional(),
    /** Where peers may dial; loopback keeps strangers off. */
    MESHWORK_LISTEN: list("multiaddrs such as /ip4/0.0.0.0/tcp/4001, separated by commas").default([
      "/ip4/0.0.0.0/tcp/0",
    ]),
    /** /metrics, /healthz and /readyz on loopback. @default 0: any free port */
    MESHWORK_PROBE_PORT: port.default(0),
    MESHWORK_LOG_LEVEL: z.enum(logLevels, `one of ${logLevels.join(", ")}`).default("info"),
    MESHWORK_REGION: z
      .string()
      .regex(/^[a-z0-9-]{1,32}$/, "lower-case letters, digits and hyphens")
      .default("local"),
    /** Tasks run or checked at a time; each is a process of its own. */
    MESHWORK_CONCURRENCY: z.coerce.number().int("a whole number").min(1).max(256).default(4),
    /** Processors that those may use together. @default all that the process may use */
    MESHWORK_CPUS: z.coerce.number().int("a whole number").min(1).max(1_024).optional(),
    /** Memory of one sandbox process, in MiB. */
    MESHWORK_SANDBOX_MEMORY_MB: z.coerce
      .number()
      .int("a whole number")
      .min(128)
      .max(65_536)
      .default(1_024),
    /** What tasks may fetch from the world through this node. @default nothing */
    MESHWORK_FETCH_HOSTS: hosts.default([]),
    /** The language model that tasks may ask: an endpoint as OpenAI's, with its version. @default none */
    MESHWORK_MODEL_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** Which of its models. */
    MESHWORK_MODEL_NAME: z.string().min(1).max(200).optional(),
    /** A file that holds its key, and nothing else. @default it wants none */
    MESHWORK_MODEL_KEY_FILE: z.string().optional(),
    /** Task data kept in the node's folder, in MiB. */
    MESHWORK_OBJECTS_MB: z.coerce
      .number()
      .int("a whole number")
      .min(64)
      .max(64 << 20)
      .default(10_240),
    /** Task data outlives this node there: a folder, or s3://bucket/objects. @default peers alone */
    MESHWORK_TASK_DATA: place(parseObjectPlace).optional(),
    /** Snapshots of the ledger: a folder, or s3://bucket/snapshots. @default none */
    MESHWORK_SNAPSHOTS: place(parseObjectPlace).optional(),
    /** Which snapshot is the newest: dynamodb://table. @default in the folder of snapshots */
    MESHWORK_ANCHORS: place(parseAnchorPlace).optional(),
    /** A block that you trust, HEIGHT:HASH: for who joins a network that is older than the trust period. */
    MESHWORK_CHECKPOINT: checkpoint.optional(),
    /** Hours between the snapshots that this node publishes there; 0: it only reads them. */
    MESHWORK_SNAPSHOT_HOURS: z.coerce.number().int("whole hours").min(0).max(720).default(6),
  })
  .superRefine(({ MESHWORK_MODEL_URL: url, MESHWORK_MODEL_NAME: name }, context) => {
    if ((url === undefined) !== (name === undefined))
      context.addIssue({
        code: "custom",
        path: ["MESHWORK_MODEL_NAME"],
        message: "a model has a URL and a name: give both",
      });
  })
  .superRefine(({ MESHWORK_SNAPSHOTS: snapshots, MESHWORK_ANCHORS: anchors }, context) => {
    if (snapshots?.startsWith("s3://") && anchors === undefined)
      context.addIssue({
        code: "custom",
        path: ["MESHWORK_ANCHORS"],
        message: `a bucket of snapshots (${snapshots}) needs a table beside it: dynamodb://table`,
      });
  });

const MIB = 1_048_576;

function modelOf(read: z.infer<typeof settings>): OutsideOptions["model"] {
  const {
    MESHWORK_MODEL_URL: url,
    MESHWORK_MODEL_NAME: name,
    MESHWORK_MODEL_KEY_FILE: keyFile = null,
  } = read;
  return url === undefined || name === undefined ? null : { url, name, keyFile };
}

export interface EdgeNodeConfig {
  folder: string;
  genesisFile: string | null;
  invite: string | null;
  relays: readonly string[];
  keystoreFile: string;
  passphraseFile: string;
  listen: readonly string[];
  probePort: number;
  logLevel: (typeof logLevels)[number];
  region: string;
  concurrency: number;
  cpus: number;
  sandboxMemoryBytes: number;
  outside: OutsideOptions;
  objectsBytes: number;
  /** Addresses as `@meshwork/storage/place` reads them. */
  taskDataStore: string | null;
  snapshotStore: string | null;
  anchorStore: string | null;
  checkpoint: NamedBlock | null;
  snapshotHours: number;
}

export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
): EdgeNodeConfig {
  const read = readEnvironment(settings, environment);
  const folder = read.MESHWORK_DATA;
  return Object.freeze({
    folder,
    genesisFile: read.MESHWORK_GENESIS ?? null,
    invite: read.MESHWORK_INVITE ?? null,
    relays: read.MESHWORK_RELAYS ?? [],
    keystoreFile: read.MESHWORK_KEYSTORE ?? join(folder, "keystore.json"),
    passphraseFile: read.MESHWORK_PASSPHRASE_FILE ?? join(folder, "passphrase"),
    listen: read.MESHWORK_LISTEN,
    probePort: read.MESHWORK_PROBE_PORT,
    logLevel: read.MESHWORK_LOG_LEVEL,
    region: read.MESHWORK_REGION,
    concurrency: read.MESHWORK_CONCURRENCY,
    cpus: read.MESHWORK_CPUS ?? Math.min(1_024, availableParallelism()),
    sandboxMemoryBytes: read.MESHWORK_SANDBOX_MEMORY_MB * MIB,
    outside: {
      fetchHosts: read.MESHWORK_FETCH_HOSTS,
      model: modelOf(read),
    },
    objectsBytes: read.MESHWORK_OBJECTS_MB * MIB,
    taskDataStore: read.MESHWORK_TASK_DATA ?? null,
    snapshotStore: read.MESHWORK_SNAPSHOTS ?? null,
    anchorStore: read.MESHWORK_ANCHORS ?? null,
    checkpoint: read.MESHWORK_CHECKPOINT ?? null,
    snapshotHours: read.MESHWORK_SNAPSHOT_HOURS,
  });
}
