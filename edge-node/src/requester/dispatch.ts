import type { NodeId, OrderId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import { livePlaces, type TaskRecord } from "@meshwork/protocol";
import type { DispatchBook } from "../mail/dispatch-book.ts";
import type { TaskMail } from "../ports.ts";

export interface DispatchParts {
  mail: Pick<TaskMail, "send">;
  dispatches: DispatchBook;
  log: Log;
}

/**
 * Step 3: tells each node that the ledger has called what it is to do. The ledger's draw decides who
 * is called, and in which order: this only carries the contract to them. A node that does not get it
 * misses its deadline, and the next rank is called.
 */
export function createDispatcher(parts: DispatchParts) {
  const told = new Map<OrderId, Set<NodeId>>();

  const tell = async (task: TaskRecord, node: NodeId) => {
    const dispatch = parts.dispatches.get(task.orderId);
    if (dispatch === null) return;
    try {
      await parts.mail.send(node, dispatch);
    } catch (error) {
      // The call's deadline is the retry: a node that cannot be reached is replaced by the ledger.
      parts.log.warn("a drawn node could not be told its task", {
        orderId: task.orderId,
        node,
        error,
      });
      told.get(task.orderId)?.delete(node);
    }
  };

  return {
    /** To be called with every new record of an order that this node placed. */
    onTask(task: TaskRecord): void {
      if (task.phase === "done") {
        told.delete(task.orderId);
        return;
      }
      const already = told.get(task.orderId) ?? new Set();
      told.set(task.orderId, already);
      for (const { node } of livePlaces(task)) {
        if (already.has(node)) continue;
        already.add(node);
        void tell(task, node);
      }
    },
  };
}
