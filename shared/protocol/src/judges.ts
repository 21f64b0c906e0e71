import { proofQuorum } from "./proof-of-task.ts";
import {
  isLive,
  seatedVerifiers,
  type TaskPanel,
  type TaskPlace,
  type TaskRecord,
} from "./task-record.ts";

/** Who judges a task, and how many of them make a verdict. */
export interface Judges {
  seats: TaskPlace[];
  quorum: number;
  /** A panel has run all of it again, whatever audit chance had drawn. */
  isPanel: boolean;
  /** So few that their word alone convicts nobody: only a step can that each of them ran again. */
  isSmall: boolean;
}

/** Fewer are no panel that could be believed without evidence. */
const LEAST_PANEL = 3;

/** Of a task under way, who judges it now; of one that is done, those whose verdict ended it. */
export function judgesOf(task: TaskRecord): Judges {
  const panel = judgingPanel(task);
  if (panel === null) {
    const quorum = proofQuorum(task.order.policy.verifiers);
    return { seats: seatedVerifiers(task), quorum, isPanel: false, isSmall: false };
  }
  const seats = seatedPanel(panel);
  const isSmall = seats.length < LEAST_PANEL;
  const quorum = isSmall ? Math.max(1, seats.length) : proofQuorum(seats.length);
  return { seats, quorum, isPanel: true, isSmall };
}

/** Members who took their seat: they committed a seed before the panel sat. */
export const seatedPanel = ({ seats }: TaskPanel): TaskPlace[] =>
  seats.filter(({ state }) => state === "accepted" || state === "attested");

/** The panel that sits, or is being called, while a task is before one. */
export const sittingPanel = (task: TaskRecord): TaskPanel | null =>
  task.phase === "panel" ? (task.panels.at(-1) ?? null) : null;

function judgingPanel(task: TaskRecord): TaskPanel | null {
  if (task.conclusion === null || task.phase === "panel") return sittingPanel(task);
  return task.conclusion.panel === null ? null : (task.panels[task.conclusion.panel] ?? null);
}

/** All nodes that hold a place of a task now: workers, verifiers, and the panel that sits. */
export const livePlaces = (task: TaskRecord): TaskPlace[] =>
  [...task.workers, ...task.verifiers, ...(sittingPanel(task)?.seats ?? [])].filter(isLive);
