import type { NodeId } from "@meshwork/foundation";
import type { TaskRecord } from "@meshwork/protocol";
import { contributionOf } from "../contribution.ts";
import type { Draft } from "../draft.ts";
import { drawRanks } from "../draw.ts";
import type { State } from "../state.ts";

/**
 * Where all suitable nodes are busy an order waits, and loses nothing by it. Who waits goes first by
 * the time at which he came, and each class of priority counts for some minutes of waiting: so a high
 * one passes, and nobody starves, however many high ones come after him.
 */
export const CLASS_MS = 300_000;

/** What the requester has contributed counts within his class alone: below one class, however much it is. */
const MERIT_MS = Math.floor(CLASS_MS / 64);
const MOST_MERIT = 63;

/** In active time. Who waits no longer wants to wait takes his order back: that is free. */
const QUEUE_MS = 3_600_000;

/** Whether nodes are too busy, not too few: idle, they would do. */
export const isForWantOfRoom = (
  state: State,
  task: TaskRecord,
  at: { beacon: Parameters<typeof drawRanks>[2]["beacon"]; activeTime: number },
): boolean => drawRanks(state, task, { ...at, asIfIdle: true }) !== null;

/** Puts a task that was not drawn into the queue, at the place of when it came. */
export function enqueue(draft: Draft, task: TaskRecord): void {
  const { height, activeTime } = draft.at;
  const queue = {
    since: height,
    rank: task.queue?.rank ?? rankOf(draft.state, task),
    until: task.queue?.until ?? activeTime + QUEUE_MS,
  };
  if (task.queue === null) draft.taskEvent(task, "queued");
  draft.put("task", { ...task, queue });
}

/** Least goes first. */
export function rankOf(
  state: State,
  { requester, order, submitted }: Pick<TaskRecord, "requester" | "order" | "submitted">,
): number {
  const head = order.priority * CLASS_MS + meritOf(state, requester) * MERIT_MS;
  return Math.max(0, submitted.time - head);
}

/** It grows with each doubling: one order more or less moves nobody. */
function meritOf(state: State, requester: NodeId): number {
  const { settled, fresh } = contributionOf(state, requester);
  const contributed = settled + fresh;
  return contributed === 0n ? 0 : Math.min(MOST_MERIT, contributed.toString(2).length);
}

/**
 * Places have come free: the next in the queue have their draw, by a beacon that nobody knows yet. As
 * many as they fill, and the first always: who needs much is not passed over for those who need little.
 */
export function callQueue(draft: Draft, freed: number): void {
  let left = freed;
  for (const task of [...first(draft.state.queue(), MOST_CALLED)]) {
    if (left <= 0) return;
    left -= task.order.policy.replicas + task.order.policy.verifiers;
    draft.put("task", { ...task, fixedHeight: draft.at.height });
  }
}

/** More cannot be drawn in one block. */
const MOST_CALLED = 32;

function* first<T>(items: Iterable<T>, count: number): Generator<T> {
  let left = count;
  for (const item of items) {
    if (left-- === 0) return;
    yield item;
  }
}
