import type { PublicKey } from "@meshwork/foundation";
import { type Attestation, sampleDigest } from "./proof-of-task.ts";
import { sampledSteps, type TraceLeaf } from "./trace.ts";
import type { Verdict } from "./verdict.ts";

/** One verifier's word, with the key under which he gave it. */
export interface Word {
  key: PublicKey;
  verdict: Verdict;
  attestation: Attestation;
}

/**
 * Whether a verifier contradicts himself: he attests a trace, his seed has picked this step of it, and
 * the state that he says to have found after it is another. Who ran the step cannot say both.
 */
export function contradictsHimself({ key, verdict, attestation }: Word, leaf: TraceLeaf): boolean {
  const { seed, samples } = attestation;
  const at = picksOf({ verdict, attestation }).indexOf(leaf.index);
  return at >= 0 && samples[at] !== sampleDigest(key, seed, leaf.post);
}

/** The steps that he shows samples of, in their order. */
export const picksOf = ({ verdict, attestation }: Omit<Word, "key">): number[] =>
  verdict.result === null
    ? []
    : sampledSteps(attestation.seed, verdict.result.steps, attestation.samples.length);
