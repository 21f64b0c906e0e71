import {
  isPlain,
  NOTHING_HASH,
  sampleDigest,
  sampledSteps,
  sittingPanel,
  type TraceLeaf,
} from "@meshwork/protocol";
import { type Assignment, dispatchFor } from "../assignment.ts";
import { answerAsks } from "./answer-asks.ts";
import { attestVerdict } from "./attest.ts";
import { type Checked, checkByNature } from "./check-by-nature.ts";
import { evidenceAgainst, sameLeaf } from "./compare.ts";
import { gatherReveals } from "./gather-reveals.ts";
import { judge } from "./judge.ts";
import { type Claim, readClaims } from "./read-claims.ts";
import { createReplayer } from "./replay.ts";
import { takeSeat } from "./take-seat.ts";
import type { Verification, VerifierParts } from "./verify-task.ts";

/**
 * A panel member's part: takes his seat, hears the workers once the panel sits, runs all of it again, and
 * signs the one verdict that follows. He needs nobody's word for it: whoever was shown the same finds
 * the same.
 */
export async function sitOnPanel(
  parts: VerifierParts,
  assignment: Assignment,
  signal: AbortSignal,
): Promise<void> {
  const { orderId } = assignment;
  const called = await parts.ledger.until(orderId, () => true, signal);
  const dispatch = await dispatchFor(parts, called, signal);
  if (!(await takeSeat(parts, { dispatch, task: called, assignment }, signal))) return;
  const sits = (record: typeof called) => sittingPanel(record)?.verdictDeadline != null;
  const task = await parts.ledger.until(orderId, sits, signal);
  const replayer = createReplayer(parts, { dispatch, task, signal });
  const verification: Verification = { task, assignment, replayer, signal };
  const stopAnswering = answerAsks(parts, verification);
  replayer.prepare();
  try {
    const shown = await gatherReveals(parts, verification);
    const claims = await readClaims(parts, verification, {
      shown,
      limits: dispatch.contract.limits,
    });
    const check = isPlain(task.order.work) ? checkAgainstRun : checkByNature;
    const { findings, samples } = await check(parts, verification, { claims, dispatch });
    const verdict = judge(parts.ledger.chainId, task, findings);
    await attestVerdict(parts, verification, { verdict, samples });
  } finally {
    stopAnswering();
    await replayer.close();
  }
}

/** Each claim against the true run: its first leaf that differs convicts it. Nothing of it depends on chance. */
async function checkAgainstRun(
  { secrets, keyPair }: Pick<VerifierParts, "secrets" | "keyPair">,
  { task, assignment, replayer }: Verification,
  { claims }: { claims: readonly Claim[] },
): Promise<Checked> {
  const run = await replayer.replayAll();
  const guilty = claims.flatMap((claim) => {
    const wrong = firstWrong(claim, run.leaves);
    return wrong === undefined
      ? []
      : [[claim.worker, evidenceAgainst(claim, wrong, wrong.index)] as const];
  });
  const seed = secrets("seed", assignment.orderId, assignment.attempt);
  const steps = run.leaves.length - 1;
  const picked = sampledSteps(seed, steps, task.order.policy.segmentsPerVerifier);
  const postOf = (step: number) => run.leaves[step]?.post ?? NOTHING_HASH;
  return {
    findings: {
      claims: new Map(claims.map((claim) => [claim.worker, claim])),
      guilty: new Map(guilty),
      unlike: new Set(),
    },
    samples: picked.map((step) => sampleDigest(keyPair.publicKey, seed, postOf(step))),
  };
}

/** Both runs close with a leaf that nothing else resembles: so one that ends elsewhere differs there. */
const firstWrong = ({ leaves }: Claim, actual: readonly TraceLeaf[]): TraceLeaf | undefined =>
  actual.find((leaf, i) => {
    const claimed = leaves[i];
    return claimed !== undefined && !sameLeaf(claimed, leaf);
  });
