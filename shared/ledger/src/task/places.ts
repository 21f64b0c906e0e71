import type { NodeId } from "@meshwork/foundation";
import { isLive, type TaskPlace, type TaskRecord } from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { mayBeCalled } from "../eligibility.ts";
import { nodeOf, silent } from "../penalties.ts";
import { accountOf } from "../purses.ts";

/** Who holds which place of a task. Every function takes a record and gives the next one. */
export type Role = "worker" | "verifier";

/** Calls ever made for a role: the bound of the record's lists. */
const MAX_CALLS = 64;

const listOf = (role: Role): "workers" | "verifiers" =>
  role === "worker" ? "workers" : "verifiers";

export const placesOf = (task: TaskRecord, role: Role): TaskPlace[] => task[listOf(role)];

/** Calls the node of one rank: from now on its answer is due. */
export function call(
  draft: Draft,
  task: TaskRecord,
  { role, rank }: { role: Role; rank: number },
): TaskRecord {
  const id = task.ranks[rank] as NodeId;
  const place: TaskPlace = {
    node: id,
    key: accountOf(draft.state, id).publicKey,
    rank,
    state: "called",
    deadline: draft.at.activeTime + task.order.deadlines.matchMs,
    commitment: null,
    shown: null,
  };
  changeAssigned(draft, id, +1);
  draft.taskEvent(task, "called", id);
  return {
    ...task,
    nextRank: Math.max(task.nextRank, rank + 1),
    [listOf(role)]: [...placesOf(task, role), place],
  };
}

/**
 * Gives a lost place to the first rank that was not called yet and can take it; if there is none, it
 * stays lost. A rank that could not take one place is not passed over for the next.
 */
function callNext(draft: Draft, task: TaskRecord, role: Role): TaskRecord {
  const { activeTime } = draft.at;
  if (placesOf(task, role).length >= MAX_CALLS) return task;
  const called = new Set([...task.workers, ...task.verifiers].map((place) => place.rank));
  for (let rank = 0; rank < task.ranks.length; rank++) {
    if (called.has(rank)) continue;
    const node = draft.state.node(task.ranks[rank] as NodeId);
    if (node && mayBeCalled(draft.state, node, { task, role, activeTime }))
      return call(draft, task, { role, rank });
  }
  return task;
}

/** A place is lost for good; its node is free again, and the next rank is called. */
export function replace(
  draft: Draft,
  task: TaskRecord,
  lost: { role: Role; place: TaskPlace; state: "declined" | "missed" },
): TaskRecord {
  const { role, place, state } = lost;
  changeAssigned(draft, place.node, -1);
  if (place.state === "called" && state === "missed")
    draft.put("node", silent(nodeOf(draft, place.node)));
  draft.taskEvent(task, state, place.node);
  const without = withPlace(task, role, { ...place, state, deadline: null });
  return callNext(draft, without, role);
}

export function withPlace(task: TaskRecord, role: Role, place: TaskPlace): TaskRecord {
  const places = placesOf(task, role).map((one) => (one.rank === place.rank ? place : one));
  return { ...task, [listOf(role)]: places };
}

/** The task is over: whoever still holds a place is free for others. */
export function releaseAll(draft: Draft, task: TaskRecord): void {
  for (const place of [...task.workers, ...task.verifiers])
    if (isLive(place)) changeAssigned(draft, place.node, -1);
}

function changeAssigned(draft: Draft, id: NodeId, by: 1 | -1): void {
  const node = nodeOf(draft, id);
  draft.put("node", { ...node, assigned: node.assigned + by });
}
