import type { BodyOf } from "@meshwork/protocol";
import { accountOf } from "../purses.ts";
import { refuse } from "../refusal.ts";
import { openAppeal, stakeOfAppeal } from "../task/appeal.ts";
import { findTask, type Rule, requireTask } from "./rule.ts";

/**
 * Whoever ordered a task, or was convicted by its verdict, may doubt that once, for a bond: a larger
 * panel of others decides.
 */
export const appeal: Rule<BodyOf<"appeal">> = {
  check({ sender, body }, { state, at }) {
    const { found: task, refusal } = findTask(state, body, "done");
    if (refusal) return refusal;
    const { conclusion, orderId } = task;
    if (conclusion === null || conclusion.proofHash === null)
      return refuse(
        "NO_VERDICT",
        `nobody has judged ${orderId}: there is nothing to appeal against`,
      );
    if (task.appeal !== null)
      return refuse("APPEALED_ALREADY", `${orderId} was appealed against by ${task.appeal.by}`);
    if (conclusion.appealUntil < at.activeTime)
      return refuse("TOO_LATE", `an appeal was possible until ${conclusion.appealUntil}`);
    const isConcerned =
      sender === task.requester || conclusion.penalties.some(({ node }) => node === sender);
    if (!isConcerned)
      return refuse(
        "NOT_CONCERNED",
        `${sender} neither ordered ${orderId} nor was convicted by it`,
      );
    const { total } = stakeOfAppeal(state.policy, task);
    const held = accountOf(state, sender).points;
    return held < total
      ? refuse("INSUFFICIENT_POINTS", `an appeal takes ${total} points; ${sender} holds ${held}`)
      : null;
  },

  apply(draft, { id, sender, body: { orderId } }) {
    openAppeal(draft, requireTask(draft, orderId), { by: sender, evidence: id });
  },
};
