import { z } from "zod";

/**
 * What a process of ours tells its supervisor over Node's IPC channel: that it serves, with what
 * others need to reach it, or why it cannot. It says one of the two, once.
 */
export const childMessage = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("ready"),
    /** libp2p multiaddrs, each with its /p2p/ PeerId. */
    addresses: z.array(z.string()).optional(),
    /** The address of an HTTP front door. */
    url: z.string().optional(),
    /** Where `/healthz`, `/readyz` and `/metrics` answer. */
    probeUrl: z.string().optional(),
  }),
  z.object({ kind: z.literal("failed"), code: z.string(), message: z.string() }),
]);
export type ChildMessage = z.infer<typeof childMessage>;
export type Ready = Extract<ChildMessage, { kind: "ready" }>;
