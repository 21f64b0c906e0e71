import { type Digest, toHex, uint64 } from "@meshwork/foundation";
import type { TaskRecord } from "@meshwork/protocol";
import type { RecordKind, Records } from "./records.ts";

/**
 * What has to happen when. The agenda is never stored: it is read off the records themselves, so it
 * cannot disagree with them. `state` keeps it in order beside the tree.
 */
export type IndexName =
  /** All nodes. */
  | "nodes"
  /** Tasks that wait for a draw, by the height that fixed its inputs. */
  | "draws"
  /** Tasks by the active time of their next deadline. */
  | "deadlines"
  /** Records that may be forgotten, by wall time. */
  | "expiries"
  /** All contributions. */
  | "contributions";

export type IndexPlace = { index: IndexName; at: number };

/** Where a record stands in the agenda, if it does. */
export function indexPlaceOf<K extends RecordKind>(kind: K, record: Records[K]): IndexPlace | null {
  switch (kind) {
    case "node":
      return { index: "nodes", at: 0 };
    case "task":
      return dueOf(record as TaskRecord);
    case "contribution":
      return { index: "contributions", at: 0 };
    case "nonce":
    case "voucher":
      return { index: "expiries", at: (record as { notAfter: number }).notAfter };
    default:
      return null;
  }
}

/** What a task waits for. Every phase but the last waits for something: so no task hangs. */
function dueOf(task: TaskRecord): IndexPlace | null {
  switch (task.phase) {
    case "submitted":
      return { index: "draws", at: task.submitted.height };
    case "running":
      return deadlineAt(
        Math.min(
          ...[...task.workers, ...task.verifiers].map((place) => place.deadline ?? Infinity),
        ),
      );
    case "closed":
      return task.closeHeight === null ? null : { index: "draws", at: task.closeHeight };
    case "audit":
      return deadlineAt(task.verdictDeadline ?? Infinity);
    case "done":
      return null;
  }
}

const deadlineAt = (at: number): IndexPlace | null =>
  at === Infinity ? null : { index: "deadlines", at };

/** Keys sort by `at`, then by the record's own key. */
export const indexKey = ({ at }: IndexPlace, key: Digest): string => toHex(uint64(at)) + key;
export const atOfIndexKey = (key: string): number => Number.parseInt(key.slice(0, 16), 16);
