import type { NodeId, OrderId } from "@meshwork/foundation";
import {
  contractHash,
  type Dispatch,
  isLive,
  sittingPanel,
  type TaskPlace,
  type TaskRecord,
} from "@meshwork/protocol";
import type { DispatchBook } from "./mail/dispatch-book.ts";
import type { TaskMail } from "./ports.ts";

/** A place in a task that the ledger's draw gave to this node. */
export interface Assignment {
  orderId: OrderId;
  attempt: number;
  role: "worker" | "verifier" | "panel";
}

export function placeOf(
  task: TaskRecord,
  role: Assignment["role"],
  node: NodeId,
): TaskPlace | null {
  return placesOf(task, role).find((place) => place.node === node && isLive(place)) ?? null;
}

function placesOf(task: TaskRecord, role: Assignment["role"]): TaskPlace[] {
  if (role === "panel") return sittingPanel(task)?.seats ?? [];
  return role === "worker" ? task.workers : task.verifiers;
}

/** All who have, or had, a part in a task: who ordered it, and whoever was called. */
export const partiesOf = ({ order, workers, verifiers, panels }: TaskRecord): NodeId[] => [
  order.gateway,
  ...[...workers, ...verifiers, ...panels.flatMap(({ seats }) => seats)].map(({ node }) => node),
];

/** Who may have a task's data beside this node: whoever ordered it first, then all who were called. */
export const holdersOf = (task: TaskRecord, me: NodeId): NodeId[] => [
  ...new Set(partiesOf(task).filter((node) => node !== me)),
];

/** What this node has to do in a task; null when nothing. */
export function assignmentOf(task: TaskRecord, node: NodeId): Assignment | null {
  const { orderId, attempt } = task;
  if (task.phase === "done" || task.phase === "submitted") return null;
  for (const role of ["worker", "verifier", "panel"] as const) {
    if (placeOf(task, role, node) !== null) return { orderId, attempt, role };
  }
  return null;
}

/**
 * The dispatch of a task, from the book or by mail. Only the order's own gateway may send it, and its
 * contract must be the one that the requester signed. It is in the book before anything is done with it.
 */
export async function dispatchFor(
  parts: { mail: TaskMail; dispatches: DispatchBook },
  { orderId, order }: Pick<TaskRecord, "orderId" | "order">,
  signal: AbortSignal,
): Promise<Dispatch> {
  const kept = parts.dispatches.get(orderId);
  if (kept !== null) return kept;
  const arrived = () =>
    parts.mail
      .received(orderId, "dispatch")
      .find(({ from, message }) => from === order.gateway && isFor(order, message))?.message ??
    null;
  const dispatch = await parts.mail.until(orderId, arrived, signal);
  await parts.dispatches.put(dispatch);
  return dispatch;
}

const isFor = (order: TaskRecord["order"], { contract, blind }: Dispatch): boolean =>
  contractHash(contract, blind) === order.contractHash;
