import type { Fuel, NodeId, Points, TransactionId } from "@meshwork/foundation";
import type { NetworkPolicy, TaskOrder, TaskRecord } from "@meshwork/protocol";
import type { Draft } from "./draft.ts";
import { move, type Place, points } from "./purses.ts";
import type { Because } from "./why.ts";

/** What an order takes from its requester at once: the worst case, and the burnt price of asking. */
export const costOfSubmit = (policy: NetworkPolicy, order: TaskOrder): bigint =>
  order.priceCeiling + policy.submitPrice;

/** What may be spent at most: every worker and every verifier runs the whole task, on all its fuel. */
export const worstCaseOf = (policy: NetworkPolicy, { policy: plan, maxFuel }: TaskOrder): bigint =>
  BigInt(plan.replicas + plan.verifiers) * priceOfRun(policy, maxFuel);

export function takeEscrow(draft: Draft, requester: NodeId, submit: Submit): void {
  const { submitPrice } = draft.state.policy;
  const ceiling = submit.order.priceCeiling;
  move(
    draft,
    { from: points(requester), to: "burnt", amount: submitPrice },
    { rule: "submit-price", inputs: { submitPrice }, evidence: submit.id },
  );
  move(
    draft,
    { from: points(requester), to: "escrow", amount: ceiling },
    { rule: "escrow", inputs: { ceiling }, evidence: submit.id },
  );
}
interface Submit {
  id: TransactionId;
  order: TaskOrder;
}

/** Pays out of what a task holds, and never more: the record with what is left. */
export function spend(
  draft: Draft,
  task: TaskRecord,
  { to, amount, because }: { to: Place; amount: bigint; because: Because },
): TaskRecord {
  const spent = amount < task.escrow ? amount : task.escrow;
  move(draft, { from: "escrow", to, amount: spent }, because);
  return { ...task, escrow: (task.escrow - spent) as Points };
}

/** How the price of a task is split. What does not divide evenly, and what nobody signed for, is burnt. */
export interface Split {
  total: bigint;
  perWorker: bigint;
  perVerifier: bigint;
  burnt: bigint;
}

export interface Work {
  fuel: Fuel;
  ceiling: Points;
  workers: number;
  /** Those who signed, of `seats` who could have. */
  verifiers: number;
  seats: number;
  /** Whether each verifier ran the whole task too. */
  fullAudit: boolean;
}

/**
 * Never above the ceiling, which is all that is escrowed. A verifier's part does not depend on how many
 * have signed: else whoever brings the proof would leave others out, and share what was theirs.
 */
export function splitOf(policy: NetworkPolicy, work: Work): Split {
  const runs = BigInt(work.workers + (work.fullAudit ? work.verifiers : 0));
  const full = priceOfRun(policy, work.fuel) * runs;
  const total = full < work.ceiling ? full : work.ceiling;
  // Rounded up: a task so small that its burnt share rounds to nothing would make self-dealing free.
  const burnShare = (total * BigInt(policy.burnShare) + 65_535n) >> 16n;
  const left = total - burnShare;
  const perVerifier = ((left * BigInt(policy.verifierShare)) >> 16n) / BigInt(work.seats);
  const perWorker = (left - perVerifier * BigInt(work.seats)) / BigInt(work.workers);
  const paid = perVerifier * BigInt(work.verifiers) + perWorker * BigInt(work.workers);
  return { total, perWorker, perVerifier, burnt: total - paid };
}

/** One execution of the task, rounded up; the smallest costs a point. */
export function priceOfRun(policy: NetworkPolicy, fuel: Fuel): bigint {
  const price = (fuel * policy.pricePerGigafuel + 999_999_999n) / 1_000_000_000n;
  return price > 1n ? price : 1n;
}
