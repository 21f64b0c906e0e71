import { contentId, digest, limits, nodeId, orderId } from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { revealSchema } from "./commitment.ts";
import { contract, inputId } from "./contract.ts";
import { attestation } from "./proof-of-task.ts";
import { segmentEvidence, verdictSchema } from "./verdict.ts";

/**
 * What the nodes of one task say to each other beside the ledger, always inside a signed envelope.
 * The ledger is the truth; these only carry what it names by hash.
 */

const attempt = z.int().min(0).max(15);

/** From the requester's node to a drawn one: the contract, and where its data lies sealed. */
const dispatch = z.strictObject({
  kind: z.literal("dispatch"),
  orderId,
  contract: contract.schema,
  blind: digest,
  /** Opens `sealed` objects; only drawn nodes get it. */
  dataKey: digest,
  /** The sealed form of the program and of each input, in the contract's order; of a file, of its map. */
  sealed: z
    .array(z.strictObject({ plain: inputId, sealed: contentId }))
    .max(limits.inputsPerTask + 3),
});
export type Dispatch = z.infer<typeof dispatch>;

/** A worker to the requester's node: for people who watch. Soft: may be lost. */
const progress = z.strictObject({
  kind: z.literal("progress"),
  orderId,
  attempt,
  stepsDone: z.int().min(0),
  steps: z.int().min(0),
});

/** A worker to the verifiers and the requester's node, only after the close is final. */
const revealMessage = z.strictObject({
  kind: z.literal("reveal"),
  orderId,
  attempt,
  reveal: revealSchema,
  outputKey: digest,
  trace: contentId,
  /** The transcript, sealed with the same key. */
  transcript: contentId.nullable(),
});

/** A verifier to the other verifiers: he was shown nothing by these workers; who was, passes it on. */
const ask = z.strictObject({
  kind: z.literal("ask"),
  orderId,
  attempt,
  missing: z.array(nodeId).min(1).max(limits.replicas),
});

/** A verifier to the other verifiers: what his audit found. Nothing in it: all clean. */
const report = z.strictObject({
  kind: z.literal("report"),
  orderId,
  attempt,
  evidence: z
    .array(z.strictObject({ worker: nodeId, segment: segmentEvidence }))
    .max(limits.replicas),
});

/** A verifier to the other verifiers: the verdict that he signs. */
const attest = z.strictObject({ kind: z.literal("attest"), verdict: verdictSchema, attestation });

/** A worker to the requester's node: the result, not verified yet. */
const result = z.strictObject({
  kind: z.literal("result"),
  orderId,
  attempt,
  sealedOutput: contentId,
  outputKey: digest,
});

export const taskMessageSchema = z.discriminatedUnion("kind", [
  dispatch,
  progress,
  revealMessage,
  ask,
  report,
  attest,
  result,
]);
export type TaskMessage = z.infer<typeof taskMessageSchema>;
export type TaskMessageOf<K extends TaskMessage["kind"]> = Extract<TaskMessage, { kind: K }>;
export const taskMessage = wire(taskMessageSchema, { name: "task message", maxBytes: 131_072 });
