import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import {
  type Clock,
  CodedError,
  every,
  type Random,
  systemClock,
  systemRandom,
} from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import { createApp } from "./app.ts";
import { createAuth } from "./auth.ts";
import { createByteBudget } from "./byte-budget.ts";
import { doorLimits } from "./door-limits.ts";
import { createNonceGuard } from "./nonce-guard.ts";
import { createObjectStaging } from "./object-staging.ts";
import type { Gateway } from "./ports.ts";
import { createRateLimit } from "./rate-limit.ts";
import { createSessionTokens } from "./session-tokens.ts";
import { createWatchSeats } from "./watch-seats.ts";

export interface ServerParts {
  gateway: Gateway;
  metrics: Metrics;
  log: Log;
  /** @default the machine's */
  clock?: Clock;
  /** @default the operating system's */
  random?: Random;
}

export interface ServerOptions {
  /** 0 lets the system choose. */
  port: number;
  /** @default 127.0.0.1: what is open to the world was opened on purpose */
  host?: string;
  /** @default false: see remote.ts */
  trustProxy?: boolean;
  /** @default none */
  corsOrigins?: readonly string[];
  /** Calls a second of one address, in the long run. @default 100 */
  callsPerSecond?: number;
}

export interface ApiServer {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

export class ListenError extends CodedError<"LISTEN_PORT_BUSY" | "LISTEN_FAILED"> {}

/** Open streams get this long to end by themselves. */
const STOP_GRACE_MS = 1_000;

export async function startServer(parts: ServerParts, options: ServerOptions): Promise<ApiServer> {
  const clock = parts.clock ?? systemClock;
  const host = options.host ?? "127.0.0.1";
  const { app, staging } = buildDoor({ random: systemRandom, ...parts, clock }, options);
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: {
      maxHeaderSize: doorLimits.headerBytes,
      headersTimeout: doorLimits.headTimeoutMs,
      requestTimeout: doorLimits.requestTimeoutMs,
    },
  }) as Server;
  server.maxConnections = doorLimits.connections;
  server.setTimeout(doorLimits.idleSocketMs);
  await listen(server, { host, port: options.port });
  const stopSweeping = every(clock, doorLimits.stagedMs, staging.forgetExpired);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    stop() {
      stopSweeping();
      return close(server, clock);
    },
  };
}

function buildDoor(parts: ServerParts & { clock: Clock; random: Random }, options: ServerOptions) {
  const { clock, gateway } = parts;
  const perSecond = options.callsPerSecond ?? 100;
  const rate = { perSecond, burst: 4 * perSecond, maxKeys: doorLimits.rateBuckets };
  const sessions = createSessionTokens(parts, {
    lifetimeMs: doorLimits.sessionMs,
    maxKnown: doorLimits.knownSessions,
  });
  const nonces = createNonceGuard(clock, {
    windowMs: doorLimits.requestWindowMs,
    maxNonces: doorLimits.nonces,
  });
  const staging = createObjectStaging(clock, {
    maxBytes: doorLimits.stagedBytes,
    maxBytesPerAccount: doorLimits.stagedBytesPerAccount,
    maxObjectsPerAccount: doorLimits.stagedObjectsPerAccount,
    lifetimeMs: doorLimits.stagedMs,
  });
  const app = createApp(
    {
      ...parts,
      staging,
      sessions,
      auth: createAuth({ gateway, nonces, sessions, clock }),
      watches: createWatchSeats({
        max: doorLimits.watches,
        maxPerAccount: doorLimits.watchesPerAccount,
      }),
      results: createByteBudget(clock, {
        maxBytes: doorLimits.resultBytes,
        maxWaiting: doorLimits.resultsWaiting,
        maxWaitMs: doorLimits.resultWaitMs,
      }),
      perAddress: createRateLimit(clock, rate),
      perAccount: createRateLimit(clock, rate),
    },
    { trustProxy: options.trustProxy ?? false, corsOrigins: options.corsOrigins ?? [] },
  );
  return { app, staging };
}

function listen(server: Server, at: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === "EADDRINUSE"
          ? new ListenError(
              "LISTEN_PORT_BUSY",
              `port ${at.port} on ${at.host} is in use by another program: stop that one, or set MESHWORK_API_PORT to a free port (0 lets the system choose)`,
              { detail: at, cause },
            )
          : new ListenError(
              "LISTEN_FAILED",
              `cannot listen on ${at.host}, port ${at.port}: ${cause.message}; set MESHWORK_API_HOST and MESHWORK_API_PORT to an address of this machine`,
              { detail: at, cause },
            ),
      );
    server.once("error", refuse);
    server.listen(at.port, at.host, () => {
      server.off("error", refuse);
      resolve();
    });
  });
}

function close(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.setTimer(STOP_GRACE_MS, () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}
