import {
  type Outcome,
  proofQuorum,
  type TaskConclusion,
  type TaskRecord,
} from "@meshwork/protocol";

/** What a receipt leaves open, in numbers and in words: never more than was done. */
export interface Risk {
  /** k of n segments were executed again by verifiers. */
  segmentsSampled: number;
  segments: number;
  /** Workers whose independent runs agreed. */
  agreeingRuns: number;
  statement: string;
}

export function riskOf(task: TaskRecord, conclusion: TaskConclusion, agreeingRuns: number): Risk {
  const segments = conclusion.result?.steps ?? 0;
  const { segmentsSampled, outcome } = conclusion;
  const numbers = { segmentsSampled, segments, agreeingRuns };
  const statement = whoJudged(task, conclusion) + statementOf(task, outcome, numbers);
  return { ...numbers, statement };
}

/** That it was not the verifiers, where it was not. */
function whoJudged({ panels }: TaskRecord, { panel }: TaskConclusion): string {
  const judging = panel === null ? undefined : panels[panel];
  if (judging === undefined) return "";
  const why =
    judging.cause === "appeal"
      ? "upon an appeal"
      : "since the verifiers did not agree on a verdict";
  return `A panel of others judged, ${why}. `;
}

function statementOf(
  { audit, order }: TaskRecord,
  outcome: Outcome,
  { segmentsSampled: k, segments: n, agreeingRuns }: Omit<Risk, "statement">,
): string {
  const runs = `${agreeingRuns} drawn ${agreeingRuns === 1 ? "worker holds" : "workers hold"} this very result`;
  switch (outcome) {
    case "inconclusive":
      return "Nothing was found out and nobody is blamed; the order was refunded.";
    case "revoked":
      return "The requester took the order back before anybody had a result.";
    case "disputed":
      return "No result could be trusted; who was found guilty stands in the proof.";
    case "accepted":
      return `${runs}. Nothing was executed again: an audit was drawn at ${percent(audit?.rate ?? 0)} and did not fall on this task.`;
    case "recorded":
      return `${agreeingRuns} drawn ${agreeingRuns === 1 ? "worker" : "workers"} asked the world, and all ${n} segments were executed again on the answers. What the world said is the worker's word.`;
    case "similar":
      return `${agreeingRuns} drawn workers came, each for himself, to outputs that are alike. Nothing was executed again: had they conspired, it would have passed.`;
    case "judged":
      return `${proofQuorum(order.policy.verifiers)} verifiers or more found, each for himself, that this output will do. Nothing was executed again.`;
    case "attested":
      return "A drawn worker says so. Nobody has checked it.";
    case "verified":
    case "failed":
      if (k === 0) return `${runs}. No segment was executed again.`;
      if (k >= n) return `${runs}. All ${n} segments were executed again.`;
      return `${runs}. ${k} of ${n} segments were executed again: had the workers conspired to forge one segment, it would have passed with chance ${n - k}/${n}.`;
  }
}

/** Of a Q16 share, with one decimal. */
const percent = (share: number): string => `${Math.round((share * 1_000) / 65_536) / 10} %`;
