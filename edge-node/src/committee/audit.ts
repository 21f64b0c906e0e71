import type { Digest, NodeId } from "@meshwork/foundation";
import {
  type SegmentEvidence,
  sampleDigest,
  sampledSteps,
  type TraceLeaf,
} from "@meshwork/protocol";
import { type Dispute, evidenceAgainst, sameLeaf } from "./compare.ts";
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
  const actual = await replay(verification, claim.leaves, picked, mode);
  const wrong = [...actual.values()]
    .filter((leaf) => !sameLeaf(leaf, claim.leaves[leaf.index] ?? leaf))
    .sort((a, b) => a.index - b.index)[0];
  const convicted =
    wrong === undefined
      ? []
      : agreed.map((one) => [one.worker, evidenceAgainst(one, wrong, wrong.index)] as const);
  return {
    guilty: new Map([...guilty, ...convicted]),
    samples: picked.map((step) =>
      sampleDigest(parts.keyPair.publicKey, seed, (actual.get(step) as TraceLeaf).post),
    ),
  };
}

/** The true leaves of the picked steps, or of all. */
async function replay(
  { replayer }: Pick<Verification, "replayer">,
  claimed: readonly TraceLeaf[],
  picked: readonly number[],
  mode: "segments" | "full",
): Promise<Map<number, TraceLeaf>> {
  const actual = new Map<number, TraceLeaf>();
  if (mode === "full") {
    const run = await replayer.replayAll();
    claimed.forEach((_, index) => {
      const leaf = run.leaves[index];
      if (leaf !== undefined) actual.set(index, leaf);
    });
    return actual;
  }
  for (const step of picked)
    actual.set(step, await replayer.replayStep(step, claimed.slice(0, step)));
  return actual;
}
