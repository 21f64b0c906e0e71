import type { TransactionId } from "@meshwork/foundation";
import { isLive, type TaskRecord } from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { spend } from "../escrow.ts";
import { returnBond } from "../penalties.ts";
import { points } from "../purses.ts";
import { finish, nobodysVerdict } from "./conclude.ts";

/**
 * What it costs to take an order back. Before its first draw nothing, since nobody was troubled yet;
 * after it a fee is burnt, or drawing again and again until the right nodes come up would be free; and
 * who had accepted a place gets his bond back and a fee for his trouble.
 */
export function revokeTask(draft: Draft, task: TaskRecord, evidence: TransactionId): void {
  const { cancelFee, acceptFee } = draft.state.policy;
  let left = task;
  for (const { node, state } of [...task.workers, ...task.verifiers].filter(isLive)) {
    if (state === "called") continue;
    returnBond(draft, { account: node, task, evidence });
    left = spend(draft, left, {
      to: points(node),
      amount: acceptFee,
      because: { rule: "accept-fee", inputs: { acceptFee }, evidence },
    });
  }
  const wasDrawn = task.drawHeight !== null || task.attempt > 0;
  const before = left.escrow;
  left = spend(draft, left, {
    to: "burnt",
    amount: wasDrawn ? cancelFee : 0n,
    because: { rule: "cancel-fee", inputs: { cancelFee }, evidence },
  });
  finish(draft, left, {
    ...nobodysVerdict,
    outcome: "revoked",
    burnt: before - left.escrow,
  });
}
