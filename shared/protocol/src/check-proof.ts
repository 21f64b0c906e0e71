import { type ChainId, equalBytes, fromHex, uint64 } from "@meshwork/foundation";
import { commitmentOf, type Reveal } from "./commitment.ts";
import { judgesOf, sittingPanel } from "./judges.ts";
import {
  type Attestation,
  type ProofOfTask,
  seedCommitmentOf,
  verifyAttestation,
} from "./proof-of-task.ts";
import { closedSet, type TaskPlace, type TaskRecord } from "./task-record.ts";
import { sampledSteps, verifyTracePath } from "./trace.ts";
import type { Finding, Outcome, SegmentEvidence, Verdict } from "./verdict.ts";
import { isPlain, type WorkNature } from "./work.ts";

/**
 * Whether a Proof-of-Task fits its task record. The ledger asks before it pays, and whoever holds a
 * receipt asks again years later: one rule, so that the two cannot disagree.
 */
export interface ProofRefusal {
  code:
    | "WRONG_TASK"
    | "NOT_CLOSED"
    | "TOO_FEW_SIGNERS"
    | "DOUBLE_SIGNER"
    | "NOT_A_VERIFIER"
    | "WRONG_SEED"
    | "WRONG_SAMPLE_COUNT"
    | "BAD_SIGNATURE"
    | "WRONG_CLOSED_SET"
    | "WRONG_REVEAL"
    | "RESULTS_DIFFER"
    | "BAD_EVIDENCE"
    | "PANEL_TOO_SMALL"
    | "WRONG_OUTCOME";
  reason: string;
}

export interface ProofCheck {
  chainId: ChainId;
  task: TaskRecord;
  /** @default the real check; a validator passes one that remembers what it has checked. */
  verify?: typeof verifyAttestation;
}

export function checkProof(check: ProofCheck, proof: ProofOfTask): ProofRefusal | null {
  return checkVerdict(check, proof.verdict) ?? checkSigners(check, proof);
}

/** Whether this verdict is one that the record allows, whoever signs it. */
export function checkVerdict(check: ProofCheck, verdict: Verdict): ProofRefusal | null {
  const { task } = check;
  if (
    verdict.chainId !== check.chainId ||
    verdict.orderId !== task.orderId ||
    verdict.attempt !== task.attempt
  )
    return refuse(
      "WRONG_TASK",
      `the verdict is about ${verdict.orderId} attempt ${verdict.attempt}`,
    );
  if (task.closeHeight === null || task.audit === null)
    return refuse(
      "NOT_CLOSED",
      "no verdict counts before the set has closed and its audit is drawn",
    );
  if (sittingPanel(task)?.verdictDeadline === null)
    return refuse("NOT_CLOSED", "no verdict counts before the panel sits");
  return checkFindings(check, verdict);
}

// Who signed -----------------------------------------------------------------------------------

function checkSigners(check: ProofCheck, proof: ProofOfTask): ProofRefusal | null {
  const { attestations } = proof;
  const judges = judgesOf(check.task);
  const { quorum } = judges;
  if (attestations.length < quorum)
    return refuse("TOO_FEW_SIGNERS", `${attestations.length} signed, ${quorum} are needed`);
  const seats = new Map(judges.seats.map((place) => [place.node, place]));
  const seen = new Set<string>();
  for (const attestation of attestations) {
    if (seen.has(attestation.verifier))
      return refuse("DOUBLE_SIGNER", `${attestation.verifier} stands in the proof twice`);
    seen.add(attestation.verifier);
    const seat = seats.get(attestation.verifier);
    if (seat === undefined)
      return refuse("NOT_A_VERIFIER", `${attestation.verifier} holds no verifier's place`);
    const refusal = checkAttestation(check, proof.verdict, { seat, attestation });
    if (refusal !== null) return refusal;
  }
  return null;
}

/**
 * One verifier's word alone, on a verdict about this very task: whoever gathers a quorum leaves out what the ledger would
 * refuse.
 */
export function checkAttestation(
  { task, verify = verifyAttestation }: Omit<ProofCheck, "chainId">,
  verdict: Verdict,
  { seat, attestation }: { seat: TaskPlace; attestation: Attestation },
): ProofRefusal | null {
  const { verifier, seed, samples } = attestation;
  if (seedCommitmentOf({ ...verdict, verifier }, seed) !== seat.commitment)
    return refuse("WRONG_SEED", `the seed of ${verifier} does not open its commitment`);
  const count = sampleCount(task, verdict);
  if (samples.length !== count)
    return refuse(
      "WRONG_SAMPLE_COUNT",
      `${verifier} shows ${samples.length} samples, not ${count}`,
    );
  if (!verify(seat.key, verdict, attestation))
    return refuse("BAD_SIGNATURE", `the signature of ${verifier} does not fit the verdict`);
  return null;
}

/** How many segments each verifier shows: none unless the task was audited and has a result. */
export function sampleCount(task: TaskRecord, verdict: Verdict): number {
  if (task.order.work.nature !== "deterministic") return 0;
  if (verdict.result === null || !isAudited(task)) return 0;
  return Math.min(task.order.policy.segmentsPerVerifier, verdict.result.steps);
}

/** Whether part of it, at least, was executed again: a panel always does. */
export const isAudited = (task: TaskRecord): boolean =>
  judgesOf(task).isPanel || (task.audit !== null && task.audit.mode !== "none");

/** Distinct segments that the signers together ran again; a full audit ran them all, and so does a replay. */
export function segmentsSampled(task: TaskRecord, { verdict, attestations }: ProofOfTask): number {
  if (task.order.work.nature === "record-replay") return verdict.result?.steps ?? 0;
  const count = sampleCount(task, verdict);
  if (verdict.result === null || count === 0) return 0;
  const { steps } = verdict.result;
  if (judgesOf(task).isPanel || task.audit?.mode === "full") return steps;
  return new Set(attestations.flatMap(({ seed }) => sampledSteps(seed, steps, count))).size;
}

// What was found -------------------------------------------------------------------------------

function checkFindings(check: ProofCheck, verdict: Verdict): ProofRefusal | null {
  const committed = closedSet(check.task);
  const { findings } = verdict;
  const sameSet =
    findings.length === committed.length &&
    findings.every((found, i) => found.worker === committed[i]?.node);
  if (!sameSet)
    return refuse("WRONG_CLOSED_SET", "the findings must name the committed workers in call order");
  for (const [i, place] of committed.entries()) {
    const refusal = checkFinding(check, verdict, { place, found: findings[i] as Finding });
    if (refusal !== null) return refusal;
  }
  if (judgesOf(check.task).isSmall && !findings.some((found) => found.verdict === "guilty"))
    return refuse(
      "PANEL_TOO_SMALL",
      "so few can only convict, by a step that each of them ran again",
    );
  if ((verdict.result === null) === findings.some((found) => found.verdict === "honest"))
    return refuse("RESULTS_DIFFER", "there is a result exactly if somebody was found honest");
  const beyond = checkNature(check.task, verdict);
  if (beyond !== null) return beyond;
  const expected = outcomeOf(check.task, verdict);
  return verdict.outcome === expected
    ? null
    : refuse(
        "WRONG_OUTCOME",
        `these findings under this audit make ${expected}, not ${verdict.outcome}`,
      );
}

function checkFinding(
  { chainId, task }: ProofCheck,
  verdict: Verdict,
  { place, found }: { place: TaskPlace; found: Finding },
): ProofRefusal | null {
  if ((found.reveal === null) !== (found.verdict === "unrevealed"))
    return refuse(
      "WRONG_REVEAL",
      `${found.worker} is ${found.verdict}: that contradicts its reveal`,
    );
  if ((found.evidence === null) !== (found.verdict !== "guilty"))
    return refuse("BAD_EVIDENCE", "guilt needs evidence, and nothing else bears any");
  if (found.reveal === null) return null;
  const opened = commitmentOf(chainId, task.orderId, task.attempt, found.reveal);
  if (found.reveal.worker !== place.node || opened !== place.commitment)
    return refuse("WRONG_REVEAL", `the reveal of ${found.worker} does not open its commitment`);
  if (found.evidence !== null && !isEvidence(found.reveal, found.evidence))
    return refuse("BAD_EVIDENCE", `the evidence against ${found.worker} convicts nobody`);
  if (found.verdict === "honest" && !agrees(task, found.reveal, verdict))
    return refuse("RESULTS_DIFFER", `${found.worker} is called honest but holds another result`);
  return null;
}

/**
 * The result is that of the first who was found honest. Where work is deterministic and outputs must be
 * equal, nothing of the others may differ, fuel and trace included; else that their outputs are alike
 * rests on the quorum, which has seen them.
 */
function agrees(
  { order: { work } }: TaskRecord,
  reveal: Reveal,
  { findings, result }: Pick<Verdict, "findings" | "result">,
): boolean {
  const first = findings.find(({ verdict }) => verdict === "honest");
  if (result === null || isPlain(work) || first?.worker === reveal.worker)
    return isSameRun(reveal, result);
  const sameOutput = reveal.resultHash === result.resultHash;
  return reveal.fault === result.fault && (sameOutput || work.comparison === "tolerant");
}

function isSameRun(reveal: Reveal, result: Verdict["result"]): boolean {
  return (
    result !== null &&
    reveal.resultHash === result.resultHash &&
    reveal.traceRoot === result.traceRoot &&
    reveal.steps === result.steps &&
    reveal.fuel === result.fuel &&
    reveal.fault === result.fault
  );
}

/** What a verdict on work of this nature cannot say, whoever signs it. */
function checkNature(
  { order: { work } }: TaskRecord,
  { findings, result }: Verdict,
): ProofRefusal | null {
  const { nature } = work;
  const has = (kind: Finding["verdict"]) =>
    findings.filter(({ verdict }) => verdict === kind).length;
  if (nature === "deterministic" && has("unlike") > 0)
    return refuse("BAD_EVIDENCE", "a run of deterministic work is right or wrong, never unlike");
  if (!isRepeated(nature) && has("guilty") > 0)
    return refuse("BAD_EVIDENCE", `of ${nature} work nothing is executed again that could convict`);
  if (!isRepeated(nature) && result !== null && result.fault !== null)
    return refuse(
      "RESULTS_DIFFER",
      `nobody has checked a fault of ${nature} work: it is no result`,
    );
  if (nature === "quorum-similarity" && has("honest") === 1)
    return refuse("RESULTS_DIFFER", "a run alone is similar to nothing");
  return null;
}

/** Whether verifiers execute it again. */
const isRepeated = (nature: WorkNature): boolean =>
  nature === "deterministic" || nature === "record-replay";

/** The worker's own leaf, under the root that he committed to, is not what the step really gives. */
function isEvidence(reveal: Reveal, evidence: SegmentEvidence): boolean {
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

/** The findings and the drawn audit decide the outcome; no signer chooses it. */
export function outcomeOf(
  task: TaskRecord,
  verdict: Pick<Verdict, "findings" | "result">,
): Outcome {
  const { findings, result } = verdict;
  if (result !== null) {
    if (result.fault !== null) return "failed";
    const { nature } = task.order.work;
    if (nature !== "deterministic") return LABELS[nature];
    return isAudited(task) ? "verified" : "accepted";
  }
  return findings.some((found) => found.verdict === "guilty") ? "disputed" : "inconclusive";
}

/** What a result of work that is not deterministic is called. */
const LABELS = {
  "record-replay": "recorded",
  "quorum-similarity": "similar",
  judged: "judged",
  attested: "attested",
} as const satisfies Record<Exclude<WorkNature, "deterministic">, Outcome>;

const refuse = (code: ProofRefusal["code"], reason: string): ProofRefusal => ({ code, reason });
