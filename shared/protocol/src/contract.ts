import { digestOf } from "@meshwork/crypto";
import {
  type ContentId,
  contentId,
  type Digest,
  type FileId,
  fileId,
  fromHex,
  fuel,
  limits,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { comparator } from "./comparator.ts";
import { contentRef } from "./content-ref.ts";
import type { Service, Work } from "./work.ts";

/**
 * What is to be computed. Whoever holds the contract can compute the result; the ledger sees only
 * SM3(contract ‖ blind), so that nobody can guess a short contract from its hash.
 */

/** The name of an object, or of a file: on the wire both are text, and the text says which it is. */
export const inputId = z.string().refine((text) => isContentId(text) || isFileId(text), {
  error: "a content id or a file id",
}) as unknown as z.ZodType<ContentId | FileId, string>;

const isContentId = (text: string): text is ContentId => contentId.safeParse(text).success;
export const isFileId = (text: string): text is FileId => fileId.safeParse(text).success;

/** An object, held in memory by who runs the task (see `isInputSize`), or a file, read in pieces. */
export const inputRef = z.strictObject({
  contentId: inputId,
  sizeBytes: z.int().min(0).max(limits.fileBytes),
});
export type InputRef = z.infer<typeof inputRef>;

/**
 * Whether an input of this name may have this size. What fits into a chunk is no file; what has more, clients bring as one,
 * so that it has the name that IPFS gives it. Objects beyond a chunk are outputs, which the reduction of a job reads as they lie.
 */
export const isInputSize = ({ contentId: id, sizeBytes }: InputRef): boolean =>
  isFileId(id) ? sizeBytes > limits.fileChunkBytes : sizeBytes <= limits.inputBytes;

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

/** What a program may ask of the world: nothing else, and only of a worker who offers it. */
export const outside = z.strictObject({
  /** Origins such as `https://api.example.org`, which `fetch` may ask and be redirected to. */
  origins: z.array(z.string().max(256)).max(8),
  /** Whether it may ask the worker's language model. */
  model: z.boolean(),
});
export type Outside = z.infer<typeof outside>;

export const contract = wire(
  z.strictObject({
    runtime: runtimeId,
    program: contentRef,
    inputs: z.array(inputRef).max(limits.inputsPerTask),
    limits: taskLimits,
    /** How two outputs are held against each other. */
    comparator,
    /** Null: the program has its inputs, and nothing else. */
    outside: outside.nullable(),
    /** For work that is judged: JavaScript that gets the output, then the inputs, and says whether it will do. */
    rubric: contentRef.nullable(),
  }),
  { name: "contract", maxBytes: 8_192 },
);
export type Contract = z.infer<typeof contract.schema>;

/** @param blind 32 random bytes in hex, known to the requester and to the drawn nodes. */
export const contractHash = (value: Contract, blind: Digest): Digest =>
  digestOf("meshwork/contract/1", contract.encode(value), fromHex(blind));

/** Why a contract is none for an order of such work, in words; null: it is. The ledger cannot look: nodes do. */
export function contractFlaw(
  { runtime, limits: granted, comparator, outside, rubric }: Contract,
  { nature, comparison, needs }: Work,
): string | null {
  if ((comparator.kind === "exact") !== (comparison === "exact"))
    return `the order says that outputs are compared ${comparison}, the contract ${comparator.kind}`;
  if ((nature === "judged") !== (rubric !== null))
    return "work that is judged names a rubric, and no other does";
  if (outside === null) return null;
  if (nature === "deterministic") return "what asks the world is not deterministic";
  if (runtime !== "js-qjs-v1" || granted.steps !== 1)
    return "only JavaScript of one step can ask the world";
  const asked: Service[] = [
    ...(outside.origins.length > 0 ? (["fetch"] as const) : []),
    ...(outside.model ? (["model"] as const) : []),
  ];
  const missing = asked.find((one) => !needs.includes(one));
  return missing === undefined ? null : `the contract asks for ${missing}, the order does not`;
}

/** All that a contract names, the program first, then the inputs: what is stored, sealed and fetched. */
export const contentOf = ({ program, inputs, comparator, rubric }: Contract) => [
  program,
  ...inputs,
  ...(comparator.kind === "wasm" ? [comparator.module] : []),
  ...(rubric === null ? [] : [rubric]),
];
