import { closedSet, seededDraw, type TaskRecord } from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { drawRanks, drawSeed } from "../draw.ts";
import { isNewcomer } from "../eligibility.ts";
import { ONE } from "../reputation.ts";
import { giveUp } from "./give-up.ts";
import { drawPanel } from "./panel.ts";
import { call, type Role } from "./places.ts";
import { enqueue, isForWantOfRoom } from "./queue.ts";

/** What the beacon decides, at the first block that nobody could foresee: who works, what is audited, who sits on a panel. */
export function drawTask(draft: Draft, task: TaskRecord): void {
  if (task.phase === "submitted") drawNodes(draft, task);
  else if (task.phase === "panel") drawPanel(draft, task);
  else drawAudit(draft, task);
}

function drawNodes(draft: Draft, task: TaskRecord): void {
  const { height, activeTime } = draft.at;
  const { beacon } = draft.state.head;
  const drawn = drawRanks(draft.state, task, { beacon, activeTime });
  const placed: TaskRecord = { ...task, ...drawn, drawHeight: height, phase: "running" };
  if (drawn === null) {
    if (isForWantOfRoom(draft.state, task, { beacon, activeTime })) enqueue(draft, task);
    else giveUp(draft, placed);
    return;
  }
  draft.taskEvent(task, "drawn");
  const { replicas, verifiers } = task.order.policy;
  const places = Math.min(replicas + verifiers, drawn.ranks.length);
  let called = placed;
  for (let rank = 0; rank < places; rank++) {
    const role: Role = rank < replicas ? "worker" : "verifier";
    called = call(draft, called, { role, rank });
  }
  draft.put("task", called);
}

/** After the close: no worker could know, when he committed, how he would be checked. */
function drawAudit(draft: Draft, task: TaskRecord): void {
  const { head, policy } = draft.state;
  const { nature, comparison } = task.order.work;
  // What was never the same twice cannot be sampled: how it is checked, its nature says.
  const rate = nature === "deterministic" ? auditRateOf(draft, task) : 0;
  const draw = seededDraw(drawSeed(head.beacon, task, "audit"));
  const chance = draw(ONE);
  const fullBelow = Math.floor((rate * policy.auditFloor) / ONE);
  // Where outputs need only be alike, a step that differs proves nothing: the whole is run again.
  const sampled = comparison === "exact" ? "segments" : "full";
  const mode = chance < fullBelow ? "full" : chance < rate ? sampled : "none";
  draft.taskEvent(task, "audit-drawn");
  draft.put("task", { ...task, phase: "audit", audit: { height: draft.at.height, mode, rate } });
}

/** 1/(1 + n) after n clean verdicts of the least proven worker, never below the network's floor. */
export function auditRateOf({ state, at }: Draft, task: TaskRecord): number {
  const earned = closedSet(task).map((place) => {
    const node = state.node(place.node);
    if (node === undefined || isNewcomer(state, node, at.activeTime)) return ONE;
    return Math.floor(ONE / (1 + node.clean));
  });
  return Math.max(task.order.policy.auditRate, state.policy.auditFloor, ...earned);
}
