import { digestOf } from "@meshwork/crypto";
import { contentId, type Digest, fromHex, fuel, limits } from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";

/**
 * What is to be computed. Whoever holds the contract can compute the result; the ledger sees only
 * SM3(contract ‖ blind), so that nobody can guess a short contract from its hash.
 */

/** Content by address and size, so that nobody fetches more than he agreed to. */
export const contentRef = z.strictObject({
  contentId,
  sizeBytes: z.int().min(0).max(limits.inputBytes),
});
export type ContentRef = z.infer<typeof contentRef>;

export const runtimeId = z.enum(["wasm-step-v1", "js-qjs-v1", "wasi-cmd-v1"]);
export type RuntimeId = z.infer<typeof runtimeId>;

/** The deterministic limits: to exceed one is a result (`failed`), the same on every machine. */
export const taskLimits = z.strictObject({
  /** Fuel for the whole task, all steps together. */
  fuel,
  memoryPages: z.int().min(1).max(limits.memoryPages),
  stackDepth: z.int().min(64).max(65_536),
  steps: z.int().min(1).max(limits.stepsPerTask),
  stateBytes: z.int().min(0).max(limits.stateBytes),
  outputBytes: z.int().min(0).max(limits.outputBytes),
});
export type TaskLimits = z.infer<typeof taskLimits>;

export const contract = wire(
  z.strictObject({
    runtime: runtimeId,
    program: contentRef,
    inputs: z.array(contentRef).max(limits.inputsPerTask),
    limits: taskLimits,
    /** How two outputs are held against each other; `exact` compares bytes. */
    comparator: z.enum(["exact"]),
  }),
  { name: "contract", maxBytes: 8_192 },
);
export type Contract = z.infer<typeof contract.schema>;

/** @param blind 32 random bytes in hex, known to the requester and to the drawn nodes. */
export const contractHash = (value: Contract, blind: Digest): Digest =>
  digestOf("meshwork/contract/1", contract.encode(value), fromHex(blind));
