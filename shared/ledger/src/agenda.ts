import type { Digest } from "@meshwork/foundation";
import { isQueued, sittingPanel, type TaskPlace, type TaskRecord } from "@meshwork/protocol";
import type { EvidenceRecord, NodeState, RecordKind, Records } from "./records.ts";
import { endOfDay } from "./reputation.ts";

/**
 * What has to happen when. The agenda is never stored: it is read off the records themselves, so it
 * cannot disagree with them. `state` keeps it in order beside the tree.
 */
export type IndexName =
  /** All nodes. */
  | "nodes"
  /** Tasks that wait for a draw, by the height that fixed its inputs. */
  | "draws"
  /** Tasks that wait for nodes to come free, by their rank. */
  | "queue"
  /** Tasks by the active time of their next deadline. */
  | "deadlines"
  /** Records that may be forgotten, by wall time. */
  | "expiries"
  /** Records that may be forgotten, by active time. */
  | "fading"
  /** All contributions. */
  | "contributions";

export type IndexPlace = { index: IndexName; at: number };

/** Where a record stands in the agenda, if it does. */
export function indexPlacesOf<K extends RecordKind>(kind: K, record: Records[K]): IndexPlace[] {
  switch (kind) {
    case "node": {
      const { unusedUntil } = record as NodeState;
      const nodes: IndexPlace = { index: "nodes", at: 0 };
      return unusedUntil === null ? [nodes] : [nodes, { index: "fading", at: unusedUntil }];
    }
    case "task":
      return placesOfTask(record as TaskRecord);
    case "evidence":
      return [{ index: "fading", at: endOfDay((record as EvidenceRecord).day) }];
    case "contribution":
      return [{ index: "contributions", at: 0 }];
    case "nonce":
    case "voucher":
      return [{ index: "expiries", at: (record as { notAfter: number }).notAfter }];
    default:
      return [];
  }
}

function placesOfTask(task: TaskRecord): IndexPlace[] {
  const { queue } = task;
  if (queue !== null && isQueued(task))
    return [
      { index: "queue", at: queue.rank },
      { index: "deadlines", at: queue.until },
    ];
  return [dueOf(task)].filter((place) => place !== null);
}

/** What a task waits for. Every phase waits for something, the last for being forgotten: so no task hangs. */
function dueOf(task: TaskRecord): IndexPlace | null {
  switch (task.phase) {
    case "submitted":
      return { index: "draws", at: task.fixedHeight };
    case "running":
      return earliestOf([...task.workers, ...task.verifiers]);
    case "closed":
      return task.closeHeight === null ? null : { index: "draws", at: task.closeHeight };
    case "audit":
      return deadlineAt(task.verdictDeadline ?? Infinity);
    case "panel":
      return panelDueOf(task);
    case "done":
      return task.conclusion && { index: "fading", at: task.conclusion.keptUntil };
  }
}

function panelDueOf(task: TaskRecord): IndexPlace | null {
  const panel = sittingPanel(task);
  if (panel === null) return null;
  if (panel.drawHeight === null) return { index: "draws", at: panel.fixedHeight };
  return panel.verdictDeadline === null
    ? earliestOf(panel.seats)
    : deadlineAt(panel.verdictDeadline);
}

const earliestOf = (places: readonly TaskPlace[]): IndexPlace | null =>
  deadlineAt(Math.min(...places.map((place) => place.deadline ?? Infinity)));

const deadlineAt = (at: number): IndexPlace | null =>
  at === Infinity ? null : { index: "deadlines", at };

/** Keys sort by `at`, then by the record's own key. */
export const indexKey = ({ at }: IndexPlace, key: Digest): string =>
  at.toString(16).padStart(16, "0") + key;
export const atOfIndexKey = (key: string): number => Number.parseInt(key.slice(0, 16), 16);
