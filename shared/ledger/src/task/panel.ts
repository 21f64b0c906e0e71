import {
  isLive,
  judgesOf,
  seatedPanel,
  sittingPanel,
  spokenVerifiers,
  type TaskPanel,
  type TaskRecord,
} from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { panelSize } from "../escrow.ts";
import { burnBond, nodeOf, returnBond, silent } from "../penalties.ts";
import { dismissAppeal } from "./appeal.ts";
import { drawPanelRanks } from "./draw-panel.ts";
import { chargeSilent, endUnjudged } from "./end-unjudged.ts";
import { call, newPanel, placesOf, withPanel } from "./places.ts";

/**
 * No verdict came by its deadline, or none can come: other nodes will judge, drawn by a beacon that
 * nobody knows yet. Who was silent has lost his stake; who spoke is held to his word.
 */
export function convene(
  draft: Draft,
  task: TaskRecord,
  cause: Exclude<TaskPanel["cause"], "appeal">,
): void {
  const judged = cause === "silence" ? chargeSilent(draft, task) : task;
  draft.taskEvent(task, "panel-called");
  draft.put("task", {
    ...judged,
    phase: "panel",
    panels: [newPanel(draft, { cause, size: panelSize(task.order.policy.verifiers) })],
  });
}

/** By the beacon, at the first block that nobody could foresee. */
export function drawPanel(draft: Draft, task: TaskRecord): void {
  const { height, activeTime } = draft.at;
  const { beacon } = draft.state.head;
  const ranks = drawPanelRanks(draft.state, task, { beacon, activeTime });
  const size = sittingPanel(task)?.size ?? 0;
  let called = withPanel(task, { ranks, drawHeight: height });
  const seats = Math.min(size, ranks.length);
  if (seats < LEAST_PANEL && !isDisputed(task)) {
    endPanel(draft, called);
    return;
  }
  draft.taskEvent(task, "panel-drawn");
  for (let rank = 0; rank < seats; rank++) called = call(draft, called, { role: "panel", rank });
  settlePanel(draft, called);
}

/** As few as this can only hold a step against somebody: see `protocol/judges`. */
const LEAST_PANEL = 3;

/** Somebody says that a worker is guilty: that can be shown, however few are left to look. */
const isDisputed = (task: TaskRecord): boolean =>
  spokenVerifiers(task).some(({ said }) => said.findings.includes("guilty"));

/** After every change of a panel that is being called: it sits once nobody is waited for any more. */
export function settlePanel(draft: Draft, task: TaskRecord): void {
  const live = placesOf(task, "panel").filter(isLive);
  if (live.some(({ state }) => state === "called")) {
    draft.put("task", task);
    return;
  }
  if (live.length === 0 || (live.length < LEAST_PANEL && !isDisputed(task))) {
    endPanel(draft, task);
    return;
  }
  draft.taskEvent(task, "closed");
  const verdictDeadline = draft.at.activeTime + task.order.deadlines.deliverMs;
  draft.put("task", withPanel(task, { verdictDeadline }));
}

/** The panel came to nothing: its members' stakes return, but for those who sat and said nothing. */
export function endPanel(draft: Draft, task: TaskRecord): void {
  const panel = sittingPanel(task);
  for (const place of panel === null ? [] : seatedPanel(panel)) {
    const owed = panel?.verdictDeadline !== null && !judgesOf(task).isSmall;
    const stake = { account: place.node, task, evidence: task.orderId };
    if (place.state === "attested" || !owed) returnBond(draft, stake);
    else {
      burnBond(draft, stake, "no-verdict");
      draft.put("node", silent(nodeOf(draft, place.node)));
    }
  }
  if (panel?.cause === "appeal") dismissAppeal(draft, task);
  else endUnjudged(draft, task);
}
