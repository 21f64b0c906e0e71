import type { NodeId } from "@meshwork/foundation";
import {
  isLive,
  livePlaces,
  sittingPanel,
  type TaskPanel,
  type TaskPlace,
  type TaskRecord,
} from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { mayBeCalled } from "../eligibility.ts";
import { nodeOf, silent } from "../penalties.ts";
import { accountOf } from "../purses.ts";
import { maySit } from "./draw-panel.ts";
import { callQueue } from "./queue.ts";

/** Who holds which place of a task. Every function takes a record and gives the next one. */
export type Role = "worker" | "verifier" | "panel";

/** Calls ever made for a role: with more the largest task would not fit into a leaf of the state. */
export const MAX_CALLS = 44;

export function placesOf(task: TaskRecord, role: Role): TaskPlace[] {
  if (role === "panel") return sittingPanel(task)?.seats ?? [];
  return role === "worker" ? task.workers : task.verifiers;
}

function withPlaces(task: TaskRecord, role: Role, places: TaskPlace[]): TaskRecord {
  if (role === "panel") return withPanel(task, { seats: places });
  return { ...task, [role === "worker" ? "workers" : "verifiers"]: places };
}

/** A panel that waits for its draw. */
export const newPanel = (draft: Draft, about: Pick<TaskPanel, "cause" | "size">): TaskPanel => ({
  ...about,
  fixedHeight: draft.at.height,
  drawHeight: null,
  ranks: [],
  seats: [],
  verdictDeadline: null,
});

/** With something else about the panel that sits. */
export const withPanel = (task: TaskRecord, change: Partial<TaskPanel>): TaskRecord => ({
  ...task,
  panels: task.panels.map((panel, i) =>
    i === task.panels.length - 1 ? { ...panel, ...change } : panel,
  ),
});

const ranksOf = (task: TaskRecord, role: Role): NodeId[] =>
  role === "panel" ? (sittingPanel(task)?.ranks ?? []) : task.ranks;

/** Ranks that were called already: workers and verifiers share one row. */
const calledRanks = (task: TaskRecord, role: Role): Set<number> => {
  const places = role === "panel" ? placesOf(task, role) : [...task.workers, ...task.verifiers];
  return new Set(places.map((place) => place.rank));
};

/** Calls the node of one rank: from now on its answer is due. */
export function call(
  draft: Draft,
  task: TaskRecord,
  { role, rank }: { role: Role; rank: number },
): TaskRecord {
  const id = ranksOf(task, role)[rank] as NodeId;
  const place: TaskPlace = {
    node: id,
    key: accountOf(draft.state, id).publicKey,
    rank,
    state: "called",
    deadline: draft.at.activeTime + task.order.deadlines.matchMs,
    commitment: null,
    shown: null,
    said: null,
  };
  changeAssigned(draft, id, +1);
  draft.taskEvent(task, "called", id);
  const called = withPlaces(task, role, [...placesOf(task, role), place]);
  return role === "panel" ? called : { ...called, nextRank: Math.max(task.nextRank, rank + 1) };
}

/**
 * Gives a lost place to the first rank that was not called yet and can take it; if there is none, it
 * stays lost. A rank that could not take one place is not passed over for the next.
 */
function callNext(draft: Draft, task: TaskRecord, role: Role): TaskRecord {
  const { activeTime } = draft.at;
  if (placesOf(task, role).length >= MAX_CALLS) return task;
  const called = calledRanks(task, role);
  for (const [rank, id] of ranksOf(task, role).entries()) {
    if (called.has(rank)) continue;
    const node = draft.state.node(id);
    const may =
      node &&
      (role === "panel"
        ? maySit(draft.state, node, { task, activeTime })
        : mayBeCalled(draft.state, node, { task, role, activeTime }));
    if (may) return call(draft, task, { role, rank });
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
  // Upon an appeal its gateway may have forgotten the task, and told it nothing: that is not its silence.
  const wasTold = task.conclusion === null;
  if (place.state === "called" && state === "missed" && wasTold)
    draft.put("node", silent(nodeOf(draft, place.node)));
  draft.taskEvent(task, state, place.node);
  const without = withPlace(task, role, { ...place, state, deadline: null });
  return callNext(draft, without, role);
}

export function withPlace(task: TaskRecord, role: Role, place: TaskPlace): TaskRecord {
  const places = placesOf(task, role).map((one) => (one.rank === place.rank ? place : one));
  return withPlaces(task, role, places);
}

/** The task is over: whoever still holds a place is free for others; upon an appeal only the panel was not. */
export function releaseAll(draft: Draft, task: TaskRecord): void {
  const held = task.conclusion === null ? livePlaces(task) : placesOf(task, "panel").filter(isLive);
  for (const place of held) changeAssigned(draft, place.node, -1);
  callQueue(draft, held.length);
}

/** A place that is lost and not passed on: nobody is called in its stead. */
export function strike(draft: Draft, task: TaskRecord, role: Role, place: TaskPlace): TaskRecord {
  changeAssigned(draft, place.node, -1);
  draft.taskEvent(task, "missed", place.node);
  return withPlace(task, role, { ...place, state: "missed", deadline: null });
}

function changeAssigned(draft: Draft, id: NodeId, by: 1 | -1): void {
  const node = nodeOf(draft, id);
  draft.put("node", { ...node, assigned: node.assigned + by });
}
