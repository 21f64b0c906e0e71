import { MAX_COUNT, type NodeState } from "./records.ts";
import { quantileOf } from "./reputation-quantile.ts";

/** Q16 fixed point. */
export const ONE = 65_536;

/** A wrong result weighs as much as ten right ones. */
const FAILURE_WEIGHT = 10;

/** Old verdicts fade: half of them in about sixty-nine days of active time. */
const DECAY_PERIOD_MS = 24 * 3_600_000;
const KEPT_PER_PERIOD = 64_881; // 0.99
/** After so many periods nothing is left worth counting. */
const MAX_PERIODS = 4_096;

type Counts = Pick<NodeState, "successes" | "failures" | "reputationEpoch">;

export const reputationEpochAt = (activeTime: number): number =>
  Math.floor(activeTime / DECAY_PERIOD_MS);

/** The active time at which this period is over. */
export const endOfDay = (day: number): number => (day + 1) * DECAY_PERIOD_MS;

/** The counts as they stand now: one period at a time, rounding down. */
export function decayed<T extends Counts>(node: T, activeTime: number): T {
  const now = reputationEpochAt(activeTime);
  let { successes, failures } = node;
  for (let past = Math.min(now - node.reputationEpoch, MAX_PERIODS); past > 0; past--) {
    successes = Math.floor((successes * KEPT_PER_PERIOD) / ONE);
    failures = Math.floor((failures * KEPT_PER_PERIOD) / ONE);
  }
  return { ...node, successes, failures, reputationEpoch: now };
}

/** The 5 % lower quantile of what the verdicts say about the next one, in Q16. */
export function reputationOf(node: Counts, activeTime: number): number {
  const { successes, failures } = decayed(node, activeTime);
  return quantileOf(successes, failures);
}

export function withCleanVerdict(node: NodeState, activeTime: number): NodeState {
  const now = decayed(node, activeTime);
  return { ...now, successes: counted(now.successes, ONE), clean: counted(now.clean, 1) };
}

/** Trust starts anew: the count that lowers the audit rate and ends probation falls to nothing. */
export function withFailure(node: NodeState, activeTime: number): NodeState {
  const now = decayed(node, activeTime);
  return { ...now, failures: counted(now.failures, FAILURE_WEIGHT * ONE), clean: 0 };
}

/** A failure that was none, as much of it as has not faded `since` (active time). */
export function withoutFailure(
  node: NodeState,
  { since, activeTime }: { since: number; activeTime: number },
): NodeState {
  const now = decayed(node, activeTime);
  const was = { successes: 0, failures: FAILURE_WEIGHT * ONE };
  const left = decayed({ ...was, reputationEpoch: reputationEpochAt(since) }, activeTime);
  return { ...now, failures: Math.max(0, now.failures - left.failures) };
}

const counted = (count: number, more: number): number => Math.min(count + more, MAX_COUNT);

/** A newcomer, or someone who was caught: always audited, never verifying. */
export const onProbation = (node: NodeState, probationVerdicts: number): boolean =>
  node.clean < probationVerdicts;
