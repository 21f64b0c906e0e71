import type { NodeId } from "@meshwork/foundation";
import {
  type BodyOf,
  checkAttestation,
  checkVerdict,
  seatedVerifiers,
  type TaskRecord,
} from "@meshwork/protocol";
import { refuse } from "../refusal.ts";
import { withPlace } from "../task/places.ts";
import { findTask, type Rule, requireTask } from "./rule.ts";

/**
 * A verifier who waits for the others' signatures in vain lays his own on the ledger. A proof that
 * still comes decides as if he had not; without one it tells him from those who were silent.
 */
export const attest: Rule<BodyOf<"attest">> = {
  check({ sender, body: { verdict, attestation } }, { state }) {
    const { found: task, refusal } = findTask(state, verdict, "audit");
    if (refusal) return refusal;
    const seat = seatOf(task, sender);
    if (seat === undefined || attestation.verifier !== sender)
      return refuse("NOT_A_VERIFIER", `${sender} holds no verifier's place of ${task.orderId}`);
    if (seat.state === "attested")
      return refuse("SAID_ALREADY", `${sender} has given his word on ${task.orderId}`);
    return checkVerdict({ chainId: state.head.chainId, task }, verdict);
  },

  /** His word has a signature of its own: others will be shown it. */
  checkOthers({ sender, body: { verdict, attestation } }, { state, checks }) {
    const { found: task, refusal } = findTask(state, verdict, "audit");
    if (refusal) return refusal;
    const seat = seatOf(task, sender);
    if (seat === undefined) return refuse("NOT_A_VERIFIER", `${sender} holds no verifier's place`);
    const check = { task, verify: checks.verifyAttestation };
    return checkAttestation(check, verdict, { seat, attestation });
  },

  apply(draft, { sender, body: { verdict } }) {
    const task = requireTask(draft, verdict.orderId);
    const seat = seatOf(task, sender);
    if (seat === undefined) return;
    const { result } = verdict;
    const shown = result && { traceRoot: result.traceRoot, fuel: result.fuel };
    draft.taskEvent(task, "attested", sender);
    draft.put("task", withPlace(task, "verifier", { ...seat, state: "attested", shown }));
  },
};

const seatOf = (task: TaskRecord, node: NodeId) =>
  seatedVerifiers(task).find((place) => place.node === node);
