import { digestOf } from "@meshwork/crypto";
import { chainId, type Digest, digest, fuel, limits, nodeId, orderId } from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { faultCode, revealSchema } from "./commitment.ts";

/**
 * How a task ends. They are never mixed up:
 * `verified`: at least part of this very task was executed again by others, and agreed;
 * `accepted`: replicas agreed, and nothing was executed again, by earned trust;
 * `failed`: the program itself ended in a deterministic fault, which was checked like a result;
 * `disputed`: no result could be trusted, and somebody is to blame;
 * `inconclusive`: nobody can be blamed; refunded;
 * `revoked`: its requester took it back before the close, at the price of the stage;
 * and for work that is not deterministic, which nobody can execute again as it was:
 * `recorded`: it follows from program and transcript, on which verifiers have executed it again; what
 * the transcript says is the worker's word;
 * `similar`: independent runs came to outputs that are alike;
 * `judged`: verifiers found, each for himself, that the output will do;
 * `attested`: a worker says so, and nobody else.
 */
export const outcome = z.enum([
  "verified",
  "accepted",
  "failed",
  "disputed",
  "inconclusive",
  "revoked",
  "recorded",
  "similar",
  "judged",
  "attested",
]);
export type Outcome = z.infer<typeof outcome>;

/** One step of a worker's trace, shown to differ from what everyone gets who runs it. */
export const segmentEvidence = z.strictObject({
  index: z.int().min(0).max(limits.stepsPerTask),
  /** The worker's own leaf (120 bytes, hex) with its path to his committed trace root. */
  claimedLeaf: z.string().regex(/^[0-9a-f]{240}$/),
  path: z.array(digest.nullable()).max(20),
  /** What the step really gives. Every signer of the verdict ran it. */
  actualLeaf: z.string().regex(/^[0-9a-f]{240}$/),
});
export type SegmentEvidence = z.infer<typeof segmentEvidence>;

/**
 * `unrevealed`: committed, but showed nothing in time. `unlike`: of work that is not deterministic, not
 * like what was agreed, or not good enough; not paid for, and nobody's fault.
 */
export const findingKind = z.enum(["honest", "guilty", "unrevealed", "unlike"]);
export type FindingKind = z.infer<typeof findingKind>;

export const finding = z.strictObject({
  worker: nodeId,
  verdict: findingKind,
  reveal: revealSchema.nullable(),
  evidence: segmentEvidence.nullable(),
});
export type Finding = z.infer<typeof finding>;

/** The one body that all verifiers of a task sign. Findings stand in draw order, one a committed worker. */
export const verdictSchema = z.strictObject({
  chainId,
  orderId,
  attempt: z.int().min(0).max(15),
  outcome,
  findings: z.array(finding).max(limits.replicas),
  /** The agreed result; null when there is none. */
  result: z
    .strictObject({
      resultHash: digest,
      traceRoot: digest,
      steps: z.int(),
      fuel,
      fault: faultCode.nullable(),
    })
    .nullable(),
});
export const verdict = wire(verdictSchema, { name: "verdict", maxBytes: 32_768 });
export type Verdict = z.infer<typeof verdictSchema>;

export const verdictHash = (value: Verdict): Digest =>
  digestOf("meshwork/verdict/1", verdict.encode(value));
