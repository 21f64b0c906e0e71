import type { NodeId } from "@meshwork/foundation";
import type { Reveal } from "./commitment.ts";
import { closedSet, type TaskPlace, type TaskRecord } from "./task-record.ts";
import { sampledSteps } from "./trace.ts";
import type { Finding, SegmentEvidence, Verdict } from "./verdict.ts";

/**
 * Verifiers whose word on the ledger a panel's verdict shows to be false. They are blamed only for what
 * they must have seen: a worker whom they convicted of a step that is right; or one whom they cleared
 * although the step that convicts him is one that they had to run again.
 */
export function falseWords(task: TaskRecord, { findings }: Pick<Verdict, "findings">): NodeId[] {
  const workers = closedSet(task);
  const isFalse = (place: Spoken) =>
    findings.some((found, i) => {
      const said = found.worker === workers[i]?.node ? place.said.findings[i] : undefined;
      if (found.verdict === "honest") return said === "guilty";
      return said === "honest" && mustHaveSeen(task, place, found);
    });
  return spokenVerifiers(task)
    .filter(isFalse)
    .map(({ node }) => node);
}

export type Spoken = TaskPlace & { said: NonNullable<TaskPlace["said"]> };

export const spokenVerifiers = ({ verifiers }: TaskRecord): Spoken[] =>
  verifiers.filter((place): place is Spoken => place.state === "attested" && place.said !== null);

const mustHaveSeen = (task: TaskRecord, place: Spoken, { reveal, evidence }: Finding): boolean =>
  reveal !== null &&
  evidence !== null &&
  beginsAlike(evidence) &&
  hadToRun(task, place, reveal, evidence.index);

/** Whether this verifier had to run that step of a worker's again. */
function hadToRun(
  { audit, order }: TaskRecord,
  { said: { seed } }: Spoken,
  { steps }: Pick<Reveal, "steps">,
  index: number,
): boolean {
  if (audit?.mode !== "segments") return audit?.mode === "full";
  return sampledSteps(seed, steps, order.policy.segmentsPerVerifier).includes(index);
}

/** A step that another state led to says nothing of who ran it from the worker's own. */
const beginsAlike = ({ claimedLeaf, actualLeaf }: SegmentEvidence): boolean =>
  claimedLeaf.slice(PRE_STATE.from, PRE_STATE.to) ===
  actualLeaf.slice(PRE_STATE.from, PRE_STATE.to);

/** Where the hash of the state before the step stands in a leaf's hex: see `trace.ts`. */
const PRE_STATE = { from: 16, to: 80 };
