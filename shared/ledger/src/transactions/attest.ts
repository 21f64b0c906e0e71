import type { NodeId } from "@meshwork/foundation";
import {
  type BodyOf,
  checkAttestation,
  checkVerdict,
  judgesOf,
  type TaskPlace,
  type TaskRecord,
  type Verdict,
  verdictHash,
} from "@meshwork/protocol";
import { refuse } from "../refusal.ts";
import { convene } from "../task/panel.ts";
import { withPlace } from "../task/places.ts";
import { findTask, type Rule, requireTask } from "./rule.ts";

/**
 * Who waits for the others' signatures in vain lays his own on the ledger. A proof that still comes
 * decides as if he had not; without one it tells him from those who were silent, and a panel holds him
 * to it.
 */
export const attest: Rule<BodyOf<"attest">> = {
  check({ sender, body: { verdict, attestation } }, { state }) {
    const { found: task, refusal } = findTask(state, verdict, "audit", "panel");
    if (refusal) return refusal;
    const seat = seatOf(task, sender);
    if (seat === undefined || attestation.verifier !== sender)
      return refuse("NOT_A_VERIFIER", `${sender} has no seat from which to judge ${task.orderId}`);
    if (seat.state === "attested")
      return refuse("SAID_ALREADY", `${sender} has given his word on ${task.orderId}`);
    return checkVerdict({ chainId: state.head.chainId, task }, verdict);
  },

  /** His word has a signature of its own: others will be shown it. */
  checkOthers({ sender, body: { verdict, attestation } }, { state, checks }) {
    const { found: task, refusal } = findTask(state, verdict, "audit", "panel");
    if (refusal) return refusal;
    const seat = seatOf(task, sender);
    if (seat === undefined) return refuse("NOT_A_VERIFIER", `${sender} has no seat`);
    const check = { task, verify: checks.verifyAttestation };
    return checkAttestation(check, verdict, { seat, attestation });
  },

  apply(draft, { sender, body: { verdict, attestation } }) {
    const task = requireTask(draft, verdict.orderId);
    const seat = seatOf(task, sender);
    if (seat === undefined) return;
    draft.taskEvent(task, "attested", sender);
    const role = task.phase === "panel" ? "panel" : "verifier";
    const after = withPlace(task, role, { ...seat, ...wordOf(verdict, attestation.seed) });
    if (task.phase === "audit" && isHopeless(after)) convene(draft, after, "disagreement");
    else draft.put("task", after);
  },
};

const seatOf = (task: TaskRecord, node: NodeId) =>
  judgesOf(task).seats.find((place) => place.node === node);

function wordOf(
  verdict: Verdict,
  seed: NonNullable<TaskPlace["said"]>["seed"],
): Pick<TaskPlace, "state" | "shown" | "said"> {
  const { result } = verdict;
  return {
    state: "attested",
    shown: result && { traceRoot: result.traceRoot, fuel: result.fuel },
    said: {
      verdictHash: verdictHash(verdict),
      seed,
      findings: verdict.findings.map((found) => found.verdict),
    },
  };
}

/** What has been said cannot become a quorum any more, even if all who are silent yet agreed with the most. */
function isHopeless(task: TaskRecord): boolean {
  const { seats, quorum } = judgesOf(task);
  const words = seats.flatMap(({ said }) => (said === null ? [] : [said.verdictHash]));
  const most = Math.max(...words.map((one) => words.filter((other) => other === one).length));
  return most + (seats.length - words.length) < quorum;
}
