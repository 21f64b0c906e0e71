import { digest, limits } from "@meshwork/foundation";
import { envelope, rawBytes, wire } from "@meshwork/protocol";
import { z } from "zod";

/** What is left of a frame for the payload when the envelope around it is at its largest. */
export const MAX_PAYLOAD_BYTES = limits.frameBytes - 4_096;

/** Frames of the `messages` protocol. Messages are signed; the rest is what the channel's end says. */
export const messageFrame = wire(
  z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("message"),
      envelope: envelope.schema,
      payload: rawBytes(MAX_PAYLOAD_BYTES),
    }),
    /** Delivered to the handler, or known to have been before. */
    z.strictObject({ kind: z.literal("delivered"), id: digest }),
    /** Here, and being worked on: no need to repeat it on this link. */
    z.strictObject({ kind: z.literal("held"), id: digest }),
    /** Not delivered, and why. `BUSY` asks to try again; every other code is final. */
    z.strictObject({
      kind: z.literal("refused"),
      id: digest,
      code: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/),
      reason: z.string().max(512),
    }),
  ]),
  { name: "message frame", maxBytes: limits.frameBytes },
);
export type MessageFrame = z.infer<typeof messageFrame.schema>;
