import { trpcServer } from "@hono/trpc-server";
import { type Random, toHex } from "@meshwork/foundation";
import type { Metrics } from "@meshwork/observability";
import { Hono } from "hono";
import { cors } from "hono/cors";
import type { Auth } from "./auth.ts";
import type { Context, DoorParts } from "./context.ts";
import { DoorError } from "./door-error.ts";
import { doorLimits } from "./door-limits.ts";
import { asTrpcError, type ErrorShape, errorShape } from "./error-shape.ts";
import { addFileRoutes } from "./files-route.ts";
import { checkBodyHash, identify, limitAddress, limitBody, measure } from "./guards.ts";
import { putObject } from "./objects-route.ts";
import type { RateLimit } from "./rate-limit.ts";
import { type DoorEnv, type DoorRequest, isConfidential, isLoopback } from "./remote.ts";
import { appRouter } from "./router.ts";

export interface AppParts extends DoorParts {
  auth: Auth;
  perAddress: RateLimit;
  perAccount: RateLimit;
  metrics: Metrics;
  random: Random;
}

export interface AppOptions {
  trustProxy: boolean;
  /**
   * Origins whose pages may read answers in a browser. No cookie or other ambient credential
   * exists here, so a foreign page can do nothing in a user's name in any case.
   * @default none
   */
  corsOrigins: readonly string[];
}

/** The whole door as a fetch function; `server` puts it on a port. */
export function createApp(parts: AppParts, options: AppOptions): Hono<DoorEnv> {
  const app = new Hono<DoorEnv>();
  const nextRequestId = createRequestIds(parts.random);
  app.use(async (c, next) => {
    c.set("requestId", nextRequestId());
    hardenAnswer(c);
    await next();
  });
  app.use(measure(parts.metrics)(parts.clock.monotonic));
  if (options.corsOrigins.length > 0)
    app.use(cors({ origin: [...options.corsOrigins], allowMethods: ["GET", "POST", "PUT"] }));
  addProbes(app, parts);

  app.use(limitAddress(parts.perAddress, options));
  app.use(identify(parts.auth, parts.perAccount, options));
  app.put("/objects/:id", putObject(parts.staging));
  addFileRoutes(app, parts);
  app.use("/trpc/*", limitBody(doorLimits.callBytes), checkBodyHash);
  app.use("/trpc/*", trpcHandler(parts, options));

  app.notFound((c) => {
    throw new DoorError("ROUTE_UNKNOWN", `there is no ${c.req.method} ${c.req.path.slice(0, 120)}`);
  });
  app.onError((error, c) => answerError(parts, error, c));
  return app;
}

/** Unique, not secret: eight random digits for this process, then a count. */
function createRequestIds(random: Random): () => string {
  const prefix = toHex(random.bytes(4));
  let count = 0;
  return () => `${prefix}${(count++).toString(16).padStart(8, "0")}`;
}

/**
 * Headers of every answer. They go straight to Node's response: to set them on a fetch Response
 * makes each answer cost twice as much.
 */
function hardenAnswer(c: DoorRequest): void {
  const { outgoing } = c.env;
  outgoing.setHeader("x-request-id", c.get("requestId"));
  for (const [name, value] of hardening) outgoing.setHeader(name, value);
}

const hardening: readonly (readonly [string, string])[] = [
  ["cache-control", "no-store"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["cross-origin-resource-policy", "same-origin"],
  ["referrer-policy", "no-referrer"],
  ["strict-transport-security", "max-age=31536000"],
  ["x-content-type-options", "nosniff"],
];

/** For balancers and operators; not limited, and cheap. */
function addProbes(app: Hono<DoorEnv>, { gateway, metrics }: AppParts): void {
  app.get("/healthz", (c) => c.text("ok\n"));
  app.get("/readyz", (c) => {
    const reason = gateway.unready();
    return reason === null ? c.text("ready\n") : c.text(`${reason}\n`, 503);
  });
  app.get("/metrics", async (c, next) => {
    // Metrics tell strangers too much: they are for a collector on the same machine.
    if (!isLoopback(c) || !isConfidential(c, { trustProxy: false })) return next();
    return c.body(await metrics.text(), 200, { "content-type": metrics.contentType });
  });
}

function trpcHandler(parts: AppParts, options: AppOptions) {
  return trpcServer({
    endpoint: "/trpc",
    router: appRouter,
    maxBatchSize: doorLimits.callsPerRequest,
    createContext: ({ info }, c: DoorRequest) => {
      try {
        const caller = c.get("caller") ?? callerOfStream(parts, options, { info, c });
        return {
          door: parts,
          caller,
          requestId: c.get("requestId"),
          whenAnswered: (callback) => onceClosed(c.env.outgoing, callback),
        } satisfies Context;
      } catch (error) {
        throw asTrpcError(error);
      }
    },
    onError: ({ error, path, ctx }) => {
      if (error.code === "INTERNAL_SERVER_ERROR")
        parts.log.error("a call failed", {
          path,
          requestId: (ctx as Partial<Context> | undefined)?.requestId,
          error: error.cause ?? error,
        });
    },
  });
}

function onceClosed(outgoing: DoorEnv["Bindings"]["outgoing"], callback: () => void): void {
  if (outgoing.closed) callback();
  else outgoing.once("close", callback);
}

/** A browser's EventSource sends no headers: tRPC puts `connectionParams` into the query instead. */
function callerOfStream(
  parts: AppParts,
  options: AppOptions,
  { info, c }: { info: { connectionParams: Record<string, unknown> | null }; c: DoorRequest },
): Context["caller"] {
  const authorization = info.connectionParams?.authorization;
  // Only a token: what a signature covers would have to contain itself.
  if (typeof authorization !== "string" || !authorization.startsWith("Bearer ")) return null;
  return parts.auth({
    authorization,
    method: c.req.method,
    path: "",
    confidential: isConfidential(c, options),
  });
}

function answerError(parts: AppParts, thrown: unknown, c: DoorRequest): Response {
  const error = asTrpcError(thrown);
  const requestId = c.get("requestId");
  const shape: ErrorShape = errorShape(error, { requestId });
  if (error.code === "INTERNAL_SERVER_ERROR")
    parts.log.error("a request failed", { requestId, path: c.req.path, error: thrown });
  if (thrown instanceof DoorError && thrown.code === "RATE_LIMITED")
    c.header("retry-after", String(Math.ceil(Number(thrown.detail.waitMs) / 1_000)));
  // The body of a refused request is not read: nothing after it on the socket would make sense.
  if (c.req.method !== "GET") c.header("connection", "close");
  return c.json({ error: shape }, shape.data.httpStatus as 400);
}
