import { limits, type NodeId } from "@meshwork/foundation";
import type { TaskOrder, Transaction, TransactionBody } from "@meshwork/protocol";

/** Whose transaction waits for a block, and since when. */
export interface Waiting {
  readonly transaction: Transaction;
  readonly sender: NodeId;
  /** By the same monotonic clock as `now`. */
  readonly receivedAt: number;
}

/**
 * The order in which a leader offers what waits to its block. First what protects the ledger, then what has
 * a deadline there, then orders by the priority that they paid for, then the rest; what has waited rises,
 * so that nothing starves. Within one rank the senders take turns: a flood of one delays himself.
 */
export function* inBlockOrder<W extends Waiting>(
  waiting: Iterable<W>,
  now: number,
): Generator<W, void, undefined> {
  const ranks = new Map<number, Map<NodeId, W[]>>();
  for (const each of waiting) {
    const rank = rankOf(each.transaction.unsigned.body, now - each.receivedAt);
    const senders = ranks.get(rank) ?? new Map<NodeId, W[]>();
    ranks.set(rank, senders);
    const mine = senders.get(each.sender);
    if (mine) mine.push(each);
    else senders.set(each.sender, [each]);
  }
  for (const rank of [...ranks.keys()].sort((a, b) => a - b))
    yield* inTurns([...(ranks.get(rank)?.values() ?? [])]);
}

function* inTurns<W>(queues: readonly (readonly W[])[]): Generator<W, void, undefined> {
  let left = queues;
  for (let turn = 0; left.length > 0; turn++) {
    left = left.filter((queue) => turn < queue.length);
    for (const queue of left) yield* queue.slice(turn, turn + 1);
  }
}

const [PROTECTS, HAS_DEADLINE, CAN_WAIT] = [0, 1, 2];
const HIGHEST_PRIORITY = 3;

/** Lower goes first. */
function rankOf(body: TransactionBody, waitedMs: number): number {
  if (body.kind === "fault" || body.kind === "revoke-key") return PROTECTS;
  if (WITH_DEADLINE.has(body.kind)) return HAS_DEADLINE;
  const order = orderIn(body);
  const behind = order === null ? HIGHEST_PRIORITY + 1 : HIGHEST_PRIORITY - order.priority;
  return CAN_WAIT + Math.max(0, behind - Math.floor(waitedMs / limits.mempoolAgeingMs));
}

/** An order is one, whether its requester has signed it alone or with many others. */
function orderIn(body: TransactionBody): Pick<TaskOrder, "priority"> | null {
  if (body.kind === "submit") return body.order;
  return body.kind === "part" ? body.mandate.order : null;
}

/** The ledger punishes, or forgets, whose word comes too late. */
const WITH_DEADLINE = new Set<TransactionBody["kind"]>([
  "accept",
  "decline",
  "commit",
  "show",
  "attest",
  "prove",
  "renew",
]);
