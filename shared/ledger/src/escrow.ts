import {
  type Fuel,
  limits,
  type NodeId,
  type Points,
  type TransactionId,
} from "@meshwork/foundation";
import {
  type NetworkPolicy,
  sampleCount,
  type TaskOrder,
  type TaskRecord,
  type Verdict,
} from "@meshwork/protocol";
import type { Draft } from "./draft.ts";
import { move, type Place, points } from "./purses.ts";
import { ONE } from "./reputation.ts";
import type { Because } from "./why.ts";

/** What an order takes from its requester at once: the worst case, and the burnt price of asking. */
export const costOfSubmit = (policy: NetworkPolicy, order: TaskOrder): bigint =>
  order.priceCeiling + policy.submitPrice;

/**
 * What may be spent at most: every worker, every verifier, and a panel if they do not agree, runs the
 * whole task, on all its fuel.
 */
export const worstCaseOf = (
  policy: NetworkPolicy,
  { policy: plan, maxFuel }: Pick<TaskOrder, "policy" | "maxFuel">,
): bigint => BigInt(runsOf(plan)) * priceOfRun(policy, maxFuel);

const runsOf = ({ replicas, verifiers }: TaskOrder["policy"]): number =>
  replicas + verifiers + panelSize(verifiers);

/** Seats of the panel over so many judges, bounded so that its proof fits into a transaction. */
export const panelSize = (judges: number): number => Math.min(2 * judges + 1, limits.verifiers);

/**
 * Staked for a place of this task. It grows with what the order offers for a run, since that is what a
 * lie would save; and it follows from what never changes, so that as much is returned as was staked.
 */
export function bondOf(policy: NetworkPolicy, { policy: plan, priceCeiling }: TaskOrder): bigint {
  const perRun = priceCeiling / BigInt(runsOf(plan));
  const grown = perRun * BigInt(policy.bondRuns);
  return grown > policy.bond ? grown : policy.bond;
}

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
  /** The part of a run that the audit had each verifier do again, in Q16. */
  rerun: number;
}

/**
 * What part of the whole run each verifier did again: all of it, his samples, or nothing. A panel runs all
 * of it, but pays its own way: where no audit was drawn the verifiers before it have run nothing.
 */
export function rerunOf(task: TaskRecord, verdict: Verdict): number {
  if (task.audit === null || task.audit.mode === "none") return 0;
  if (task.audit.mode === "full") return ONE;
  const count = sampleCount(task, verdict);
  return count === 0 ? 0 : Math.floor((count * ONE) / (verdict.result?.steps ?? count));
}

/**
 * Never above the ceiling, which is all that is escrowed. Verifiers share a part of what the work costs,
 * for looking; and each is paid like a worker for what he ran again. His part does not depend on how
 * many have signed: else whoever brings the proof would leave others out, and share what was theirs.
 */
export function splitOf(policy: NetworkPolicy, work: Work): Split {
  const run = priceOfRun(policy, work.fuel);
  const [workers, seats] = [BigInt(work.workers), BigInt(work.seats)];
  const rerun = (run * BigInt(work.rerun)) >> 16n;
  const full = run * workers + rerun * seats;
  const most = full < work.ceiling ? full : work.ceiling;
  // Rounded up: a task so small that its burnt share rounds to nothing would make self-dealing free.
  const left = most - ((most * BigInt(policy.burnShare) + 65_535n) >> 16n);
  const forRerun = (left * rerun) / full;
  const forWork = left - forRerun * seats;
  const forLooking = ((forWork * BigInt(policy.verifierShare)) >> 16n) / seats;
  const perWorker = (forWork - forLooking * seats) / workers;
  const perVerifier = forLooking + forRerun;
  // Who has not signed is not paid for a run that nobody vouches for.
  const total = most - forRerun * BigInt(work.seats - work.verifiers);
  const paid = perVerifier * BigInt(work.verifiers) + perWorker * workers;
  return { total, perWorker, perVerifier, burnt: total - paid };
}

/** What is paid for: no claim is worth more than the most that the order has allowed. */
export const fuelPaid = ({ maxFuel }: Pick<TaskOrder, "maxFuel">, claimed: Fuel): Fuel =>
  claimed < maxFuel ? claimed : maxFuel;

/** One execution of the task, rounded up; the smallest costs a point. */
export function priceOfRun(policy: NetworkPolicy, fuel: Fuel): bigint {
  const price = (fuel * policy.pricePerGigafuel + 999_999_999n) / 1_000_000_000n;
  return price > 1n ? price : 1n;
}
