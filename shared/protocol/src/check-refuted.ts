import { equalBytes, fromHex, type NodeId, uint64 } from "@meshwork/foundation";
import type { ProofRefusal } from "./check-proof.ts";
import type { Reveal } from "./commitment.ts";
import { judgesOf } from "./judges.ts";
import { closedSet, type TaskPlace, type TaskRecord } from "./task-record.ts";
import { sampledSteps, verifyTracePath } from "./trace.ts";
import type { Refutation, SegmentEvidence, Verdict } from "./verdict.ts";

/**
 * What a panel finds judges the verifiers before it too, by what they laid on the ledger. A verifier is
 * blamed only for what he must have seen: a worker whom he convicted of a step that is right; or one
 * whom he cleared although a step that he had to run again is wrong.
 */
export function checkRefuted(task: TaskRecord, verdict: Verdict): ProofRefusal | null {
  const said = spokenVerifiers(task).map(({ node }) => node);
  const order = verdict.refuted.map(({ verifier }) => said.indexOf(verifier));
  if (!judgesOf(task).isPanel && order.length > 0)
    return refuse("only a panel judges the verifiers");
  if (order.some((at, i) => at < 0 || (i > 0 && at <= (order[i - 1] ?? -1))))
    return refuse("who is refuted has spoken on the ledger, and stands here once, in call order");
  const wrong = verdict.refuted.find((one) => !isRefuted(task, verdict, one));
  return wrong ? refuse(`${wrong.verifier} need not have seen that step`) : null;
}

/** Verifiers whose word this verdict shows to be false. */
export function falseWords(task: TaskRecord, verdict: Verdict): NodeId[] {
  const refuted = new Set(verdict.refuted.map(({ verifier }) => verifier));
  return spokenVerifiers(task)
    .filter((place) => refuted.has(place.node) || isSlander(place, verdict))
    .map(({ node }) => node);
}

export type Spoken = TaskPlace & { said: NonNullable<TaskPlace["said"]> };

export const spokenVerifiers = ({ verifiers }: TaskRecord): Spoken[] =>
  verifiers.filter((place): place is Spoken => place.state === "attested" && place.said !== null);

/** Evidence against the honest was made up: whoever signs it says that he ran that step. */
const isSlander = ({ said }: Spoken, { findings }: Verdict): boolean =>
  findings.some(({ verdict }, i) => verdict === "honest" && said.findings[i] === "guilty");

function isRefuted(task: TaskRecord, verdict: Verdict, one: Refutation): boolean {
  const at = closedSet(task).findIndex(({ node }) => node === one.worker);
  const found = verdict.findings[at];
  const place = spokenVerifiers(task).find(({ node }) => node === one.verifier);
  return (
    found?.verdict === "guilty" &&
    found.reveal !== null &&
    place?.said.findings[at] === "honest" &&
    beginsAlike(one.evidence) &&
    isEvidence(found.reveal, one.evidence) &&
    stepsOf(task, place, found.reveal).includes(one.evidence.index)
  );
}

/** The steps of a worker's run that this verifier had to run again. */
export function stepsOf(
  { audit, order }: TaskRecord,
  { said: { seed } }: Spoken,
  { steps }: Pick<Reveal, "steps">,
): number[] {
  if (audit?.mode === "full") return Array.from({ length: steps }, (_, step) => step);
  return audit?.mode === "segments"
    ? sampledSteps(seed, steps, order.policy.segmentsPerVerifier)
    : [];
}

/** Where a worker's own state is kept by nobody, the step cannot be run from it: that is no verifier's fault. */
const beginsAlike = ({ claimedLeaf, actualLeaf }: SegmentEvidence): boolean =>
  claimedLeaf.slice(PRE_STATE.from, PRE_STATE.to) ===
  actualLeaf.slice(PRE_STATE.from, PRE_STATE.to);
/** Where the hash of the state before the step stands in a leaf's hex: see `trace.ts`. */
const PRE_STATE = { from: 16, to: 80 };

/** The worker's own leaf, under the root that he committed to, is not what the step really gives. */
export function isEvidence(reveal: Reveal, evidence: SegmentEvidence): boolean {
  const claimed = fromHex(evidence.claimedLeaf);
  const actual = fromHex(evidence.actualLeaf);
  const index = uint64(evidence.index);
  return (
    equalBytes(claimed.subarray(0, 8), index) &&
    equalBytes(actual.subarray(0, 8), index) &&
    !equalBytes(claimed, actual) &&
    verifyTracePath(
      claimed,
      { index: evidence.index, steps: reveal.steps },
      evidence.path,
      reveal.traceRoot,
    )
  );
}

const refuse = (reason: string): ProofRefusal => ({ code: "WRONG_REFUTATION", reason });
