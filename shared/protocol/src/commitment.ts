import { digestOf } from "@meshwork/crypto";
import {
  type ChainId,
  contentId,
  type Digest,
  digest,
  fromHex,
  fuel,
  limits,
  nodeId,
  type OrderId,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";

/** Why a task ended without its program's own result; the same on every machine. */
export const faultCode = z.enum([
  "TRAP",
  "OUT_OF_FUEL",
  "STACK_OVERFLOW",
  "MEMORY_LIMIT",
  "STATE_LIMIT",
  "OUTPUT_LIMIT",
  "STEP_LIMIT",
  "PROGRAM_REFUSED",
  "PROGRAM_ERROR",
]);
export type FaultCode = z.infer<typeof faultCode>;

/** What a worker claims, and shows only after the set has closed. */
export const revealSchema = z.strictObject({
  worker: nodeId,
  /** sha-256 of the plaintext output: the digest inside its content id. */
  resultHash: digest,
  /** Merkle root over one leaf a step and a closing one: see `trace.ts`. */
  traceRoot: digest,
  steps: z.int().min(0).max(limits.stepsPerTask),
  fuel,
  /** Null when the program ran to its end. */
  fault: faultCode.nullable(),
  /** Where the sealed output lies. */
  sealedOutput: contentId,
  /** `transcriptHash` of what the world told this run; null when it asked nothing. */
  transcript: digest.nullable(),
  /** Random, so that a short result cannot be guessed from its commitment. */
  salt: digest,
});
export const reveal = wire(revealSchema, { name: "reveal", maxBytes: 1_024 });
export type Reveal = z.infer<typeof revealSchema>;

/** The commitment binds the worker and the attempt, so that nobody can hand in another's. */
export const commitmentOf = (
  chainId: ChainId,
  orderId: OrderId,
  attempt: number,
  value: Reveal,
): Digest =>
  digestOf(
    "meshwork/commitment/1",
    fromHex(chainId),
    fromHex(orderId),
    new Uint8Array([attempt]),
    reveal.encode(value),
  );
