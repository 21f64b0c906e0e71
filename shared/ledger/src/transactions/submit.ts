import type { NodeId, OrderId, TransactionId } from "@meshwork/foundation";
import type { BodyOf, NetworkPolicy, TaskOrder, TaskRecord } from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { costOfSubmit, takeEscrow, worstCaseOf } from "../escrow.ts";
import { accountOf, countOpenOrders } from "../purses.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { State } from "../state.ts";
import type { Rule } from "./rule.ts";

/** An order: its worst case is escrowed, and it waits for a draw that nobody can foresee. */
export const submit: Rule<BodyOf<"submit">> = {
  check: ({ sender, body: { order } }, { state }) => checkOrder(state, sender, order),
  apply: (draft, { id, sender, body: { order } }) => takeOrder(draft, { id, sender, order }),
};

/** Why an account may not order this; `part` asks the same. */
export function checkOrder(state: State, requester: NodeId, order: TaskOrder): Refusal | null {
  const worst = worstCaseOf(state.policy, order);
  if (order.priceCeiling < worst)
    return refuse(
      "CEILING_TOO_LOW",
      `runs and audit may cost ${worst} points; the ceiling is ${order.priceCeiling}: raise it, or lower maxFuel`,
    );
  if (order.work.nature === "quorum-similarity" && order.policy.replicas < 2)
    return refuse(
      "NOTHING_TO_COMPARE",
      "outputs can be alike only of two runs: ask for 2 replicas",
    );
  const refusal = checkDeadlines(state.policy, order);
  if (refusal !== null) return refusal;
  const cost = costOfSubmit(state.policy, order);
  const held = accountOf(state, requester).points;
  return held < cost
    ? refuse("INSUFFICIENT_POINTS", `this order takes ${cost} points; ${requester} holds ${held}`)
    : null;
}

/** @param placed its transaction, who pays for it, and what is ordered */
export function takeOrder(
  draft: Draft,
  placed: { id: TransactionId; sender: NodeId; order: TaskOrder },
): void {
  const { id, sender, order } = placed;
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
    fixedHeight: height,
    queue: null,
    panels: [],
    appeal: null,
  };
  draft.put("task", task);
  countOpenOrders(draft, sender, +1);
  draft.taskEvent(task, "submitted");
}

/** Else an order could burn the bonds of all who take it: nobody can meet what no machine can do. */
function checkDeadlines(
  { minStageMs, minMsPerGigafuel }: NetworkPolicy,
  { deadlines, maxFuel }: TaskOrder,
): Refusal | null {
  const running = Number((maxFuel * BigInt(minMsPerGigafuel)) / 1_000_000_000n);
  const least = {
    matchMs: minStageMs,
    runMs: minStageMs + running,
    // The verifiers may have to run it all again.
    deliverMs: minStageMs + running,
  };
  for (const stage of ["matchMs", "runMs", "deliverMs"] as const)
    if (deadlines[stage] < least[stage])
      return refuse(
        "DEADLINE_TOO_SHORT",
        `${stage} is ${deadlines[stage]}; ${maxFuel} fuel need ${least[stage]} here: give more time, or lower maxFuel`,
      );
  return null;
}
