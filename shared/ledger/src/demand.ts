import type { Transaction } from "@meshwork/protocol";
import { nextMoment } from "./active-time.ts";
import { checkTransaction } from "./apply-transaction.ts";
import { earliestTime, electionDueAt } from "./pass-epoch.ts";
import type { State } from "./state.ts";
import { type Checks, realChecks } from "./transactions/rule.ts";

/**
 * Whether the ledger itself needs a block: consensus rule 2. An idle network makes none but
 * heartbeats, and a block without transactions is valid only when it is owed.
 */
export function owedAt(state: State, time: number): boolean {
  return nextOwedTime(state) <= time;
}

/** The earliest wall time at which a block is owed: its proposer's clock decides. */
export function nextOwedTime(state: State): number {
  const { head, epoch, policy, drawsPending, nextDeadline } = state;
  // A draw needs blocks of more than a third of the seats, as soon as they can be made; an epoch that
  // has elected its successor, the rest of its blocks.
  if (drawsPending || epoch.lastHeight !== null) return earliestTime(state);
  const deadline = Math.min(nextDeadline ?? Infinity, electionDueAt(state) ?? Infinity);
  const untilDeadline = Math.max(1, deadline - head.activeTime);
  // A heartbeat comes before active time lags behind, so until then both clocks run alike.
  return head.time + Math.min(policy.heartbeatMs, untilDeadline);
}

/** Whether the next block could hold this transaction, were it made at `time`. */
export function isExecutable(
  state: State,
  transaction: Transaction,
  { time, checks = realChecks }: { time: number; checks?: Checks },
): boolean {
  // Towards the end of an epoch blocks are paced: a transaction that comes meanwhile waits for the next.
  if (state.epoch.lastHeight !== null && time < earliestTime(state)) return false;
  const at = nextMoment(state.head, time);
  return checkTransaction(transaction, { state, at, checks }) === null;
}
