import { fromHex, type NodeId } from "@meshwork/foundation";
import {
  type BodyOf,
  checkAttestation,
  contradictsHimself,
  decodeLeaf,
  isPlain,
  type TaskPlace,
  type TaskRecord,
  type Verdict,
  verifyTracePath,
} from "@meshwork/protocol";
import { convictVerifier } from "../penalties.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { State } from "../state.ts";
import { type Found, type Ground, type Rule, requireTask, type Signed } from "./rule.ts";

type Recheck = BodyOf<"recheck">;

/**
 * A verifier attested a trace, and showed a sample that contradicts it: he has not run the step. Nothing
 * is run again to see it. Whoever knows the trace can bring it, while the task is judged and after.
 */
export const recheck: Rule<Recheck> = {
  check(signed, ground) {
    const { verdict, attestation } = signed.body;
    const { found: task, refusal } = findJudged(ground.state, verdict);
    if (refusal) return refusal;
    const seat = seatOf(task, attestation.verifier);
    if (seat === undefined)
      return refuse("NOT_A_VERIFIER", `${attestation.verifier} held no place of ${task.orderId}`);
    return checkTime(task, seat.node, ground) ?? checkContradiction(signed, task, seat);
  },

  /** What he has signed; that it fits the task's record is said by the seed that he committed. */
  checkOthers({ body: { verdict, attestation } }, { state, checks }) {
    const { found: task, refusal } = findJudged(state, verdict);
    if (refusal) return refusal;
    const seat = seatOf(task, attestation.verifier);
    if (seat === undefined) return refuse("NOT_A_VERIFIER", "nobody held this place");
    const check = { task, verify: checks.verifyAttestation };
    return verdict.chainId === state.head.chainId
      ? checkAttestation(check, verdict, { seat, attestation })
      : refuse("WRONG_TASK", `the verdict is of ${verdict.chainId}`);
  },

  apply(draft, { id, sender, body: { verdict, attestation } }) {
    const task = requireTask(draft, verdict.orderId);
    convictVerifier(draft, { account: attestation.verifier, task, evidence: id }, sender);
  },
};

const seatOf = (task: TaskRecord, node: NodeId): TaskPlace | undefined =>
  task.verifiers.find((place) => place.node === node && place.commitment !== null);

/** The same attempt, and its audit was drawn: only then are there samples. */
function findJudged(state: State, { orderId, attempt }: Verdict): Found<TaskRecord> {
  const task = state.task(orderId);
  const no = (refusal: Refusal): Found<TaskRecord> => ({ found: null, refusal });
  if (task === undefined) return no(refuse("UNKNOWN_TASK", `there is no task ${orderId}`));
  if (task.attempt !== attempt)
    return no(refuse("WRONG_ATTEMPT", `this is attempt ${task.attempt}, not ${attempt}`));
  if (task.audit === null)
    return no(refuse("WRONG_PHASE", "no verifier shows samples before the audit is drawn"));
  return { found: task, refusal: null };
}

/**
 * Nobody is convicted twice of one word: the time for it, around the verdict's deadline, is no longer
 * than the suspension that the first conviction brings, and who is suspended is not convicted again.
 */
function checkTime(task: TaskRecord, node: NodeId, { state, at }: Ground): Refusal | null {
  const half = Math.floor(state.policy.suspensionMs / 2);
  const due = task.verdictDeadline ?? 0;
  if (at.activeTime < due - half)
    return refuse("TOO_EARLY", `words can be held against their signers from ${due - half} on`);
  if (at.activeTime >= due + half)
    return refuse(
      "EVIDENCE_TOO_OLD",
      `words could be held against their signers until ${due + half}`,
    );
  const until = state.node(node)?.suspendedUntil ?? 0;
  return until > at.activeTime
    ? refuse("CONVICTED_ALREADY", `${node} is suspended until active time ${until}`)
    : null;
}

function checkContradiction(
  { body: { verdict, attestation, leaf, path } }: Signed<Recheck>,
  { order }: TaskRecord,
  { key }: TaskPlace,
): Refusal | null {
  const { result } = verdict;
  // Only where every run gives the same trace does another sample mean that nothing was run.
  if (!isPlain(order.work) || result === null)
    return refuse("NO_CONTRADICTION", "this work has no trace that its verifiers must find again");
  const bytes = fromHex(leaf);
  const claimed = decodeLeaf(bytes);
  const { index } = claimed;
  const isOfTrace = verifyTracePath(bytes, { index, steps: result.steps }, path, result.traceRoot);
  return isOfTrace && contradictsHimself({ key, verdict, attestation }, claimed)
    ? null
    : refuse(
        "NO_CONTRADICTION",
        `${attestation.verifier} says of step ${index} what the trace says`,
      );
}
