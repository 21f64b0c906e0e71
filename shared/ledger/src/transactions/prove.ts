import { type BodyOf, checkProof } from "@meshwork/protocol";
import { concludeByProof } from "../task/conclude-by-proof.ts";
import { findTask, type Rule, requireTask } from "./rule.ts";

/** The verdict with its signatures: the task ends as they say. Whoever brings it gains nothing by it. */
export const prove: Rule<BodyOf<"prove">> = {
  check({ body: { proof } }, { state }) {
    return findTask(state, proof.verdict, "audit", "panel").refusal;
  },

  checkOthers({ body: { proof } }, { state, checks }) {
    const { found: task, refusal } = findTask(state, proof.verdict, "audit", "panel");
    if (refusal) return refusal;
    const { chainId } = state.head;
    return checkProof({ chainId, task, verify: checks.verifyAttestation }, proof);
  },

  apply(draft, { body: { proof } }) {
    concludeByProof(draft, requireTask(draft, proof.verdict.orderId), proof);
  },
};
