import { sha256Hex } from "@meshwork/crypto";
import type { Metrics } from "@meshwork/observability";
import { createMiddleware } from "hono/factory";
import type { Auth } from "./auth.ts";
import { DoorError } from "./door-error.ts";
import { addressGroup, type RateLimit } from "./rate-limit.ts";
import {
  type DoorEnv,
  type DoorRequest,
  isConfidential,
  type ProxyOptions,
  remoteAddress,
} from "./remote.ts";

/** What every request passes before a handler sees it, in this order. */

/** First of all, so that a flood costs next to nothing. */
export const limitAddress = (limit: RateLimit, proxy: ProxyOptions) =>
  createMiddleware<DoorEnv>(async (c, next) => {
    spend(limit, addressGroup(remoteAddress(c, proxy)), callsIn(c));
    await next();
  });

/** A body has a stated length within `maxBytes`, and is refused before it is read otherwise. */
export const limitBody = (maxBytes: number) =>
  createMiddleware<DoorEnv>(async (c, next) => {
    if (c.req.method !== "GET" && c.req.method !== "HEAD") statedLength(c, maxBytes);
    await next();
  });

export function statedLength(c: DoorRequest, maxBytes: number): number {
  const stated = c.req.header("content-length") ?? "";
  if (!/^\d{1,15}$/.test(stated))
    throw new DoorError("LENGTH_MISSING", "a body needs a content-length header: send it whole");
  const sizeBytes = Number(stated);
  if (sizeBytes <= maxBytes) return sizeBytes;
  throw new DoorError(
    "BODY_TOO_LARGE",
    `the body has ${sizeBytes} bytes, at most ${maxBytes} are taken at ${c.req.path.slice(0, 80)}`,
    { detail: { sizeBytes, maxBytes } },
  );
}

/** Knows the caller by the authorization header, if there is one, and limits each account. */
export const identify = (auth: Auth, limit: RateLimit, proxy: ProxyOptions) =>
  createMiddleware<DoorEnv>(async (c, next) => {
    const authorization = c.req.header("authorization");
    const caller =
      authorization === undefined
        ? null
        : auth({
            authorization,
            method: c.req.method,
            path: c.env.incoming.url ?? "",
            confidential: isConfidential(c, proxy),
          });
    if (caller !== null) spend(limit, caller.account, callsIn(c));
    c.set("caller", caller);
    await next();
  });

/** After the body was bounded: a signed request's body must be the one that was signed. */
export const checkBodyHash = createMiddleware<DoorEnv>(async (c, next) => {
  const stated = c.get("caller")?.bodyHash;
  if (stated !== null && stated !== undefined)
    requireBodyHash(stated, sha256Hex(new Uint8Array(await c.req.arrayBuffer())));
  await next();
});

export function requireBodyHash(stated: string, found: string): void {
  if (stated !== found)
    throw new DoorError(
      "BODY_HASH_MISMATCH",
      `the signed request states a body with sha-256 ${stated}, but it is ${found}: sign what is sent`,
    );
}

export const measure = (metrics: Metrics) => {
  const seconds = metrics.histogram({
    name: "api_request",
    unit: "seconds",
    help: "How long requests took until their answer began, by kind and HTTP status.",
    labels: ["kind", "status"],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
  });
  return (now: () => number) =>
    createMiddleware<DoorEnv>(async (c, next) => {
      const from = now();
      await next();
      seconds.observe((now() - from) / 1_000, { kind: kindOf(c), status: String(c.res.status) });
    });
};

/** Few values: a label that a stranger can choose fills the memory. */
const kindOf = (c: DoorRequest): string =>
  /^\/(trpc|objects|files)\//.exec(c.req.path)?.[1] ?? "other";

/** A batch names its procedures with commas between them. */
const callsIn = (c: DoorRequest): number => c.req.path.split(",", 64).length;

function spend(limit: RateLimit, key: string, cost: number): void {
  const waitMs = limit.spend(key, cost);
  if (waitMs > 0)
    throw new DoorError("RATE_LIMITED", `too many requests by ${key}: try again in ${waitMs} ms`, {
      detail: { waitMs },
    });
}
