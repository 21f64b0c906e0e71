import { digestOf } from "@meshwork/crypto";
import {
  chainId,
  type Digest,
  digest,
  milliseconds,
  nodeId,
  signature,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";

/** Says who sent which message to whom, when, in a form that can be shown to a third party. */
export const envelopeHeader = wire(
  z.strictObject({
    chainId,
    from: nodeId,
    /** Random per process: sequence numbers start anew with it. */
    incarnation: z
      .bigint()
      .min(0n)
      .max(2n ** 64n - 1n),
    /** Null for a broadcast. */
    to: nodeId.nullable(),
    /** Unique for the sender; a reply names it. */
    id: digest,
    inReplyTo: digest.nullable(),
    /** What the message is about; the receiver's handlers are keyed by it. */
    stream: z.string().regex(/^[a-z0-9./-]{1,64}$/),
    seq: z.int().min(0),
    sent: milliseconds,
    ttlMs: z
      .int()
      .min(0)
      .max(24 * 3_600_000),
    /** W3C trace context, or empty. Peers are untrusted: parse it before use. */
    traceparent: z.string().max(64),
    payloadHash: digest,
  }),
  { name: "envelope header", maxBytes: 1_024 },
);
export type EnvelopeHeader = z.infer<typeof envelopeHeader.schema>;

/**
 * Messages that are under way together share one signature: over the Merkle root of their headers,
 * each message with its path.
 */
export const envelopeSchema = z.strictObject({
  header: envelopeHeader.schema,
  batch: z.strictObject({
    index: z.int().min(0),
    count: z.int().min(1).max(256),
    path: z.array(digest.nullable()).max(8),
  }),
  /** The sender's, over `batchMessage(root)`. */
  signature,
});

export const batchMessage = (root: Digest): Digest =>
  digestOf("meshwork/envelope/1", new TextEncoder().encode(root));
