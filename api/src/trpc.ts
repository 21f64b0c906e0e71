import { initTRPC } from "@trpc/server";
import type { Context } from "./context.ts";
import { doorLimits } from "./door-limits.ts";
import { asTrpcError, errorShape } from "./error-shape.ts";

const t = initTRPC.context<Context>().create({
  // Never stacks, whatever NODE_ENV says.
  isDev: false,
  errorFormatter: ({ error, ctx, path }) =>
    errorShape(error, { requestId: ctx?.requestId ?? "none", path }),
  sse: {
    maxDurationMs: doorLimits.watchMs,
    ping: { enabled: true, intervalMs: doorLimits.pingMs },
    client: { reconnectAfterInactivityMs: 3 * doorLimits.pingMs },
  },
});

export const { router, mergeRouters } = t;

/** What a procedure throws leaves as a tRPC error of the right kind. */
export const procedure = t.procedure.use(async ({ next }) => {
  const result = await next();
  if (!result.ok) throw asTrpcError(result.error);
  return result;
});
