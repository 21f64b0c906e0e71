import { readEnvironment } from "@meshwork/foundation";
import { z } from "zod";

const port = z.coerce
  .number("a port is a number from 0 to 65535, 0 lets the system choose")
  .int("a port is a whole number from 0 to 65535")
  .min(0, "a port is 0 to 65535, 0 lets the system choose")
  .max(65_535, "a port is 0 to 65535, 0 lets the system choose");

const origins = z
  .string()
  .transform((text) => text.split(",").map((origin) => origin.trim()))
  .refine(
    (list) => list.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
    "origins are like https://app.example.org, with commas between them",
  );

/** The door's settings. Those of the node behind it are edge-node's own. */
const settings = z.object({
  /** @default 127.0.0.1: what is open to the world was opened on purpose */
  MESHWORK_API_HOST: z.string().max(255).default("127.0.0.1"),
  /** @default 7700 */
  MESHWORK_API_PORT: port.default(7_700),
  /** 1: a proxy of ours stands before the API and writes x-forwarded-for and -proto. @default 0 */
  MESHWORK_API_TRUST_PROXY: z.enum(["0", "1"], "it is 0 or 1").default("0"),
  /** Origins whose pages may read answers in a browser. @default none */
  MESHWORK_API_CORS_ORIGINS: origins.default([]),
  /** Calls a second that one address, and one account, may make. @default 100 */
  MESHWORK_API_CALLS_PER_SECOND: z.coerce
    .number("it is a number of calls, 1 to 1000000")
    .int("it is a whole number of calls")
    .min(1, "at least 1 call a second")
    .max(1_000_000, "at most 1000000 calls a second")
    .default(100),
});

const PREFIX = "MESHWORK_API_";

export interface ApiConfig {
  host: string;
  port: number;
  trustProxy: boolean;
  corsOrigins: readonly string[];
  callsPerSecond: number;
  /** What is left for the node behind the door, which refuses what it does not know. */
  nodeEnvironment: Environment;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function readConfig(environment: Environment): ApiConfig {
  const read = readEnvironment(
    settings,
    only(environment, (name) => name.startsWith(PREFIX)),
  );
  return Object.freeze({
    host: read.MESHWORK_API_HOST,
    port: read.MESHWORK_API_PORT,
    trustProxy: read.MESHWORK_API_TRUST_PROXY === "1",
    corsOrigins: read.MESHWORK_API_CORS_ORIGINS,
    callsPerSecond: read.MESHWORK_API_CALLS_PER_SECOND,
    nodeEnvironment: only(environment, (name) => !name.startsWith(PREFIX)),
  });
}

const only = (environment: Environment, keep: (name: string) => boolean): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => keep(name)));
