import type { Digest, NodeId } from "@meshwork/foundation";
import {
  closedSet,
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
  const extent = extentOf(verification, agreed);
  if (claim === undefined || extent === "nothing") return { guilty, samples: [] };

  const seed = parts.secrets("seed", assignment.orderId, assignment.attempt);
  const picked = sampledSteps(seed, claim.reveal.steps, task.order.policy.segmentsPerVerifier);
  const actual =
    extent === "all"
      ? await replayAll(verification)
      : await replaySome(verification, claim, picked);
  const postOf = (step: number) => actual.get(step)?.post ?? NOTHING_HASH;
  return {
    guilty: new Map([...guilty, ...convict(agreed, claim, actual)]),
    samples: picked.map((step) => sampleDigest(parts.keyPair.publicKey, seed, postOf(step))),
  };
}

/** A result that nobody shares, though others tried, is not believed by samples: it is run whole. */
function extentOf({ task }: Verification, agreed: readonly Claim[]): "nothing" | "samples" | "all" {
  const alone = agreed.length === 1 && closedSet(task).length > 1;
  if (alone || task.audit?.mode === "full") return "all";
  return task.audit?.mode === "segments" ? "samples" : "nothing";
}

/** All who made the claim are guilty of its first wrong leaf. */
function convict(agreed: readonly Claim[], claim: Claim, actual: ReadonlyMap<number, TraceLeaf>) {
  const wrong = [...actual.values()]
    .sort((a, b) => a.index - b.index)
    .find((leaf) => {
      const claimed = claim.leaves[leaf.index];
      return claimed !== undefined && !sameLeaf(leaf, claimed);
    });
  if (wrong === undefined) return [];
  return agreed.map((one) => [one.worker, evidenceAgainst(one, wrong, wrong.index)] as const);
}

async function replayAll({
  replayer,
}: Pick<Verification, "replayer">): Promise<Map<number, TraceLeaf>> {
  const run = await replayer.replayAll();
  return new Map(run.leaves.map((leaf) => [leaf.index, leaf]));
}

async function replaySome(
  { replayer }: Pick<Verification, "replayer">,
  { leaves, reveal }: Claim,
  picked: readonly number[],
): Promise<Map<number, TraceLeaf>> {
  const actual = new Map<number, TraceLeaf>();
  for (const step of new Set([...picked, ...(await endingSteps(reveal, replayer))])) {
    actual.set(step, await replayer.replayStep(step, leaves.slice(0, step)));
  }
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
