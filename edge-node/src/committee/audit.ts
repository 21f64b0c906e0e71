import type { Digest, NodeId } from "@meshwork/foundation";
import {
  NOTHING_HASH,
  type SegmentEvidence,
  sampleDigest,
  sampledSteps,
  type TraceLeaf,
} from "@meshwork/protocol";
import { type Dispute, evidenceAgainst, sameLeaf } from "./compare.ts";
import type { Claim } from "./read-claims.ts";
import type { Verification, VerifierParts } from "./verify-task.ts";

/** What this verifier found, and what he shows to have looked. */
export interface Audit {
  guilty: ReadonlyMap<NodeId, SegmentEvidence>;
  /** One a sampled step, in the order of the seed; empty when the beacon drew no audit. */
  samples: Digest[];
}

/**
 * Runs again what chance wants: the steps that this verifier's own seed picks, or everything. Nobody
 * knew which when he committed, neither to his result nor to his seed.
 */
export async function auditClaims(
  parts: Pick<VerifierParts, "secrets" | "keyPair">,
  verification: Verification,
  { agreed, guilty }: Dispute,
): Promise<Audit> {
  const { task, assignment } = verification;
  const claim = agreed[0];
  const mode = task.audit?.mode ?? "none";
  if (claim === undefined || mode === "none") return { guilty, samples: [] };

  const seed = parts.secrets("seed", assignment.orderId, assignment.attempt);
  const picked = sampledSteps(seed, claim.reveal.steps, task.order.policy.segmentsPerVerifier);
  const actual = await replay(verification, claim, { picked, mode });
  const wrong = [...actual.values()]
    .filter(({ index }) => claim.leaves[index] !== undefined)
    .filter((leaf) => !sameLeaf(leaf, claim.leaves[leaf.index] as TraceLeaf))
    .sort((a, b) => a.index - b.index)[0];
  const convicted =
    wrong === undefined
      ? []
      : agreed.map((one) => [one.worker, evidenceAgainst(one, wrong, wrong.index)] as const);
  const postOf = (step: number) => actual.get(step)?.post ?? NOTHING_HASH;
  return {
    guilty: new Map([...guilty, ...convicted]),
    samples: picked.map((step) => sampleDigest(parts.keyPair.publicKey, seed, postOf(step))),
  };
}

/** The true leaves of all steps, or of the picked ones and of the one that ends the run. */
async function replay(
  { replayer }: Pick<Verification, "replayer">,
  { leaves, reveal }: Claim,
  { picked, mode }: { picked: readonly number[]; mode: "segments" | "full" },
): Promise<Map<number, TraceLeaf>> {
  if (mode === "full") {
    const run = await replayer.replayAll();
    return new Map(run.leaves.map((leaf) => [leaf.index, leaf]));
  }
  const steps = new Set([...picked, ...(await endingSteps(reveal, replayer))]);
  const actual = new Map<number, TraceLeaf>();
  for (const step of steps)
    actual.set(step, await replayer.replayStep(step, leaves.slice(0, step)));
  return actual;
}

/** Where a run says that it ended, it must have ended: at its fault, or after the program's last step. */
async function endingSteps(
  { steps, fault }: Claim["reveal"],
  replayer: Verification["replayer"],
): Promise<number[]> {
  if (fault !== null) return [steps - 1];
  const actual = await replayer.steps();
  return steps === actual ? [] : [Math.min(steps, actual)];
}
