import type { HttpBindings } from "@hono/node-server";
import type { Context as HonoContext } from "hono";

/** What the middleware found out about a request, for the handlers after it. */
export interface DoorEnv {
  Bindings: HttpBindings;
  Variables: { requestId: string; caller: import("./auth.ts").Caller | null };
}
export type DoorRequest = HonoContext<DoorEnv>;

export interface ProxyOptions {
  /**
   * Whether one proxy of ours stands before this server and writes x-forwarded-for and
   * x-forwarded-proto. @default false: anybody could write them
   */
  trustProxy: boolean;
}

/** The address that limits are counted for. */
export function remoteAddress(c: DoorRequest, { trustProxy }: ProxyOptions): string {
  const forwarded = trustProxy ? c.req.header("x-forwarded-for") : undefined;
  // Ours wrote the last entry; those before it are the client's own words.
  return forwarded?.split(",").at(-1)?.trim() || (c.env.incoming.socket.remoteAddress ?? "unknown");
}

/** Whether nobody between the client and us can read a header. */
export function isConfidential(c: DoorRequest, { trustProxy }: ProxyOptions): boolean {
  if (trustProxy) return c.req.header("x-forwarded-proto") === "https";
  // With such a header the request came through a proxy that we know nothing of.
  return isLoopback(c) && !c.req.header("x-forwarded-for") && !c.req.header("forwarded");
}

export function isLoopback(c: DoorRequest): boolean {
  const address = c.env.incoming.socket.remoteAddress ?? "";
  return /^(?:::ffff:)?127\./.test(address) || address === "::1";
}
