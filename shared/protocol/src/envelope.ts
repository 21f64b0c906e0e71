import { digestBytesOf, type KeyPair, sign, sm3Hex, verify } from "@meshwork/crypto";
import {
  assert,
  chainId,
  type Digest,
  digest,
  fromHex,
  limits,
  milliseconds,
  nodeId,
  type PublicKey,
  publicKey,
  signature,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { merklePaths, merkleRoot, verifyMerklePath } from "./merkle.ts";

/** Says who sent which message to whom, when, in a form that can be shown to a third party. */
export const envelopeHeader = wire(
  z.strictObject({
    chainId,
    /** A `send` is acknowledged, a `request` answered by a `reply`, a `broadcast` neither. */
    kind: z.enum(["send", "request", "reply", "broadcast"]),
    from: nodeId,
    /** The sender's current key: the hash of it, or the ledger, says that it is his. */
    publicKey,
    /** Null for a broadcast. */
    to: nodeId.nullable(),
    /** Random: a reply and an acknowledgement name it. */
    id: digest,
    /** The request's id, in a reply only. */
    inReplyTo: digest.nullable(),
    /** What the message is about; the receiver's handlers are keyed by it. */
    stream: z.string().regex(/^[a-z0-9./-]{1,64}$/),
    /** Names a numbering: chosen at random whenever a sender begins one for (to, stream) anew. */
    incarnation: z
      .bigint()
      .min(0n)
      .max(2n ** 64n - 1n),
    /** 0, 1, 2, … within the numbering. */
    seq: z.int().min(0),
    /** All lower numbers are settled: delivered, or given up for good. Nobody waits for them. */
    settled: z.int().min(0),
    sent: milliseconds,
    ttlMs: z.int().min(0).max(limits.messageTtlMs),
    /** W3C trace context, or empty. Peers are untrusted: parse it before use. */
    traceparent: z.string().max(64),
    /** SM3 of the payload. */
    payloadHash: digest,
  }),
  { name: "envelope header", maxBytes: 1_024 },
);
export type EnvelopeHeader = z.infer<typeof envelopeHeader.schema>;

/**
 * Messages that are under way together share one signature: over the Merkle root of their headers,
 * each message with its path. A message alone is a batch of one, whose root is its leaf.
 */
export const envelope = wire(
  z.strictObject({
    header: envelopeHeader.schema,
    batch: z.strictObject({
      root: digest,
      count: z.int().min(1).max(limits.envelopesPerBatch),
      index: z.int().min(0),
      path: z.array(digest.nullable()).max(8),
    }),
    /** The sender's, over the batch's root and count. */
    signature,
  }),
  { name: "envelope", maxBytes: 2_048 },
);
export type Envelope = z.infer<typeof envelope.schema>;

export const payloadHashOf = (payload: Uint8Array): Digest => sm3Hex(payload);

/** One signature for all of `headers`, which may go to different receivers. */
export function sealEnvelopes(keyPair: KeyPair, headers: readonly EnvelopeHeader[]): Envelope[] {
  const count = headers.length;
  assert(count >= 1 && count <= limits.envelopesPerBatch, `a batch of ${count} envelopes`);
  const leaves = headers.map((header) => envelopeHeader.encode(header));
  const root = merkleRoot(leaves);
  const paths = merklePaths(leaves);
  const signature = sign(keyPair, batchMessage(root, count));
  return headers.map((header, index) => ({
    header,
    batch: { root, count, index, path: paths[index] ?? [] },
    signature,
  }));
}

/**
 * Whether the owner of `key` sent this envelope with this payload. It takes the key from the caller,
 * not from the header: whose key it is, the ledger or the NodeId says.
 */
export function verifyEnvelope(key: PublicKey, value: Envelope, payload: Uint8Array): boolean {
  return (
    payloadHashOf(payload) === value.header.payloadHash &&
    isInBatch(value) &&
    isBatchSigned(key, value)
  );
}

/** Whether the header is the leaf that the batch's root has at this index. */
export function isInBatch({ header, batch }: Envelope): boolean {
  return verifyMerklePath(envelopeHeader.encode(header), batch, batch.path, batch.root);
}

/** The same answer for every envelope of a batch: whoever receives many keeps it. */
export function isBatchSigned(key: PublicKey, { batch, signature }: Envelope): boolean {
  return verify(key, batchMessage(batch.root, batch.count), signature);
}

const batchMessage = (root: Digest, count: number): Uint8Array =>
  digestBytesOf("meshwork/envelope/1", fromHex(root), Uint8Array.of(count >> 8, count & 0xff));
