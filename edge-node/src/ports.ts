import type { ChainId, ContentId, NodeId, OrderId } from "@meshwork/foundation";
import type { TaskMessage, TaskMessageOf, TaskRecord, TransactionBody } from "@meshwork/protocol";

/** What the road of a task needs of the rest of the node. `node.ts` binds each to the real part. */

/** The final ledger, as this node follows it. */
export interface TaskLedger {
  readonly chainId: ChainId;
  task(orderId: OrderId): TaskRecord | null;
  /** The first final record of which `holds` is true, now or later. */
  until(
    orderId: OrderId,
    holds: (task: TaskRecord) => boolean,
    signal: AbortSignal,
  ): Promise<TaskRecord>;
  /** Signs, hands in, and waits until the transaction is final. Throws the ledger's coded refusal. */
  transact(body: TransactionBody, signal: AbortSignal): Promise<void>;
}

/** Signed messages about tasks. Soft: the ledger is the truth. */
export interface TaskMail {
  send(to: NodeId, message: TaskMessage): Promise<void>;
  /** All that has come about an order, in order of arrival, bounded. */
  received<K extends TaskMessage["kind"]>(
    orderId: OrderId,
    kind: K,
  ): { from: NodeId; message: TaskMessageOf<K> }[];
  /** The first non-null answer of `probe`, asked now and whenever a message about the order comes. */
  until<T>(orderId: OrderId, probe: () => T | null, signal: AbortSignal): Promise<T>;
}

/** Content by address: from this node's store, the one that it shares with others, or any peer. */
export interface Blobs {
  /**
   * Durable when it resolves. The order needs it here until it is done; what is `unsealed` stays on
   * this machine.
   */
  put(bytes: Uint8Array, options?: { orderId?: OrderId; unsealed?: boolean }): Promise<ContentId>;
  /** Never returns other content than the id names. Throws a coded error when nobody has it. */
  fetch(
    id: ContentId,
    options: {
      hints: readonly NodeId[];
      maxBytes: number;
      signal: AbortSignal;
      unsealed?: boolean;
      /** Needs it here until it is done. */
      orderId?: OrderId;
      /** How often those are asked who may have it, but cannot give it now. @default 3 */
      rounds?: number;
      /** It must lie here afterwards: else the store's refusal is thrown. @default false */
      mustKeep?: boolean;
    },
  ): Promise<Uint8Array>;
  /** Lets a peer keep a copy, so that this node may go. */
  push(to: NodeId, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
}
