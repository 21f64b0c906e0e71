import type { OrderId } from "@meshwork/foundation";
import type { BodyOf, TaskRecord } from "@meshwork/protocol";
import { costOfSubmit, takeEscrow } from "../escrow.ts";
import { accountOf } from "../purses.ts";
import { refuse } from "../refusal.ts";
import type { Rule } from "./rule.ts";

/** An order: its worst case is escrowed, and it waits for a draw that nobody can foresee. */
export const submit: Rule<BodyOf<"submit">> = {
  check({ sender, body: { order } }, { state }) {
    // The least that a run costs is a point, for each worker.
    if (order.priceCeiling < BigInt(order.policy.replicas))
      return refuse(
        "CEILING_TOO_LOW",
        `${order.policy.replicas} runs cost a point each at least; the ceiling is ${order.priceCeiling}`,
      );
    const cost = costOfSubmit(state.policy, order);
    const held = accountOf(state, sender).points;
    if (held < cost)
      return refuse(
        "INSUFFICIENT_POINTS",
        `this order takes ${cost} points; ${sender} holds ${held}`,
      );
    return null;
  },

  apply(draft, { id, sender, body: { order } }) {
    const { height, time } = draft.at;
    takeEscrow(draft, sender, { id, order });
    const task: TaskRecord = {
      orderId: id as string as OrderId,
      requester: sender,
      requesterKey: accountOf(draft.state, sender).publicKey,
      order,
      submitted: { height, time },
      escrow: order.priceCeiling,
      phase: "submitted",
      attempt: 0,
      ranks: [],
      relaxed: [],
      drawHeight: null,
      nextRank: 0,
      workers: [],
      verifiers: [],
      closeHeight: null,
      audit: null,
      verdictDeadline: null,
      conclusion: null,
    };
    draft.put("task", task);
    draft.taskEvent(task, "submitted");
  },
};
