import { fromHex, type NodeId } from "@meshwork/foundation";
import {
  type BodyOf,
  checkAttestation,
  contradictsHimself,
  decodeLeaf,
  isPlain,
  type TaskPlace,
  type TaskRecord,
  verifyTracePath,
} from "@meshwork/protocol";
import { convictVerifier } from "../penalties.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { findTask, type Ground, type Rule, requireTask, type Signed } from "./rule.ts";

type Recheck = BodyOf<"recheck">;

/**
 * A verifier attested a trace, and showed a sample that contradicts it: he has not run the step. Nothing
 * is run again to see it. Whoever knows the trace can bring it, once the verdict can come no more.
 */
export const recheck: Rule<Recheck> = {
  check(signed, ground) {
    const { verdict, attestation } = signed.body;
    const { found: task, refusal } = findTask(ground.state, verdict, "done");
    if (refusal) return refusal;
    const seat = seatOf(task, attestation.verifier);
    if (seat === undefined)
      return refuse("NOT_A_VERIFIER", `${attestation.verifier} held no place of ${task.orderId}`);
    return checkTime(task, seat.node, ground) ?? checkContradiction(signed, task, seat);
  },

  /** What he has signed; that it fits the task's record is said by the seed that he committed. */
  checkOthers({ body: { verdict, attestation } }, { state, checks }) {
    const { found: task, refusal } = findTask(state, verdict, "done");
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

/**
 * Nobody is convicted twice of one word: the time for it ends no later than the suspension that the
 * first conviction brings, and who is suspended is not convicted again.
 */
function checkTime(task: TaskRecord, node: NodeId, { state, at }: Ground): Refusal | null {
  const from = task.verdictDeadline ?? 0;
  if (at.activeTime < from)
    return refuse("TOO_EARLY", `words can be held against their signers from ${from} on`);
  if (at.activeTime >= from + state.policy.suspensionMs)
    return refuse(
      "EVIDENCE_TOO_OLD",
      "words are held against their signers for a suspension's time",
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
