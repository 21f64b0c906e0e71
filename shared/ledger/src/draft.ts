import type { Digest, NodeId, OrderId } from "@meshwork/foundation";
import type { TaskRecord } from "@meshwork/protocol";
import type { Moment } from "./active-time.ts";
import { keyOfRecord, type RecordKind, type Records } from "./records.ts";
import type { LeafChange, State } from "./state.ts";
import type { Why } from "./why.ts";

/** What happened, for those who follow the chain. The state says how things stand now. */
export type LedgerEvent =
  | {
      kind: "task";
      orderId: OrderId;
      change:
        | "submitted"
        | "queued"
        | "drawn"
        | "called"
        | "accepted"
        | "declined"
        | "missed"
        | "committed"
        | "closed"
        | "audit-drawn"
        | "shown"
        | "attested"
        | "redrawn"
        | "panel-called"
        | "panel-drawn"
        | "appealed"
        | "done";
      /** Whose place it is about; null when it is about the whole task. */
      node: NodeId | null;
    }
  /** `epoch` is the one that the new committee is of. */
  | { kind: "epoch"; change: "elected" | "begun" | "adopted"; epoch: number }
  /** Its seat signed two votes that exclude each other. */
  | { kind: "conviction"; nodeId: NodeId }
  | {
      kind: "node";
      nodeId: NodeId;
      change: "registered" | "renewed" | "suspended" | "rotated" | "revoked" | "left" | "forgotten";
    };

/**
 * A block in the making: the one place where the rules write. It holds the state so far, and notes
 * which leaves changed, what happened, and why.
 */
export class Draft {
  readonly at: Moment;
  readonly events: LedgerEvent[] = [];
  readonly whys: Why[] = [];
  #state: State;
  readonly #changed = new Set<Digest>();

  constructor(state: State, at: Moment) {
    this.#state = state;
    this.at = at;
  }

  get state(): State {
    return this.#state;
  }

  put<K extends RecordKind>(kind: K, record: Records[K]): void {
    const key = keyOfRecord(kind, record);
    this.#state = this.#state.with(kind, record, key);
    this.#changed.add(key);
  }

  forget(key: Digest): void {
    this.#state = this.#state.without(key);
    this.#changed.add(key);
  }

  taskEvent(
    task: TaskRecord,
    change: Extract<LedgerEvent, { kind: "task" }>["change"],
    node: NodeId | null = null,
  ): void {
    this.events.push({ kind: "task", orderId: task.orderId, change, node });
  }

  /** Every leaf that was written, as it stands now. */
  changes(): LeafChange[] {
    return [...this.#changed].map((key) => this.#state.leaf(key));
  }
}
