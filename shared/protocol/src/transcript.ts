import { sha256Hex } from "@meshwork/crypto";
import { type Digest, limits } from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";

/** One question that a program asked of the world, and what it was told. */
export const exchange = z.strictObject({
  /** JSON, as the program asked it. */
  request: z.string().max(limits.requestCharacters),
  /** JSON. A refusal and a failure are answers too. */
  answer: z.string().max(limits.answerCharacters),
});
export type Exchange = z.infer<typeof exchange>;

/**
 * All that the world told one run, in the order in which it was asked. With it the run is a function
 * of program and inputs again, and anybody can repeat it.
 */
export const transcript = wire(
  z.strictObject({ exchanges: z.array(exchange).max(limits.exchangesPerTask) }),
  { name: "transcript", maxBytes: limits.transcriptBytes },
);
export type Transcript = z.infer<typeof transcript.schema>;

/** What a reveal binds: the digest inside the transcript's content id. */
export const transcriptHash = (value: Transcript): Digest => sha256Hex(transcript.encode(value));
