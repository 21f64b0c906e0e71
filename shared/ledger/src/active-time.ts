import type { Head } from "./records.ts";

/** The most that one block adds to active time; heartbeats come more often than that. */
export const MAX_ACTIVE_STEP_MS = 60_000;

/** When a block stands: what the rules may know of time. */
export interface Moment {
  height: number;
  /** The proposer's wall clock, for what was agreed with the world outside: `notAfter`. */
  time: number;
  /** What leases and deadlines run on: a network that slept expires nobody. */
  activeTime: number;
}

/** Active time grows with wall time, by a minute a block at most. */
export const activeTimeAt = (head: Pick<Head, "time" | "activeTime">, time: number): number =>
  head.activeTime + Math.min(Math.max(0, time - head.time), MAX_ACTIVE_STEP_MS);

/** The moment of the block that would follow at `time`. */
export function nextMoment(head: Head, time: number): Moment {
  const after = Math.max(time, head.time + 1);
  return { height: head.height + 1, time: after, activeTime: activeTimeAt(head, after) };
}
