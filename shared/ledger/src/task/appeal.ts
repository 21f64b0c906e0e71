import type { NodeId, Points, TransactionId } from "@meshwork/foundation";
import {
  type Finding,
  judgesOf,
  type NetworkPolicy,
  type ProofOfTask,
  proofHash,
  segmentsSampled,
  type TaskConclusion,
  type TaskPenalty,
  type TaskRecord,
} from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { bondOf, panelSize, priceOfRun } from "../escrow.ts";
import { convictLate, returnBond } from "../penalties.ts";
import { countOpenOrders, move, points } from "../purses.ts";
import type { Rule } from "../why.ts";
import { APPEAL_WINDOW_MS, resultOf } from "./conclude.ts";
import { pardon, recordPenalty } from "./pardon.ts";
import { payPanel, priceOfPanel } from "./pay-panel.ts";
import { newPanel, releaseAll } from "./places.ts";

/** What an appeal takes at once: its bond, and the whole price of a panel larger than those who judged. */
export function stakeOfAppeal(policy: NetworkPolicy, task: TaskRecord) {
  const judged = task.conclusion?.panel ?? null;
  const before = judged === null ? task.order.policy.verifiers : (task.panels[judged]?.size ?? 0);
  const size = panelSize(before);
  const forPanel = BigInt(size) * priceOfRun(policy, task.order.maxFuel);
  const bond = bondOf(policy, task.order);
  return { size, bond, total: bond + forPanel };
}

/** The task is before a panel again; its conclusion stands until that has spoken. */
export function openAppeal(
  draft: Draft,
  task: TaskRecord,
  { by, evidence }: { by: NodeId; evidence: TransactionId },
): void {
  const { size, bond, total } = stakeOfAppeal(draft.state.policy, task);
  move(
    draft,
    { from: points(by), to: "escrow", amount: total },
    { rule: "appeal-staked", inputs: { bond, size }, evidence },
  );
  // What is left of the stake goes back to him: until then he is not forgotten, and the requester may be.
  countOpenOrders(draft, by, +1);
  draft.taskEvent(task, "appealed", by);
  draft.put("task", {
    ...task,
    phase: "panel",
    escrow: total as Points,
    panels: [...task.panels, newPanel(draft, { cause: "appeal", size })],
    appeal: { by, height: draft.at.height, bond: bond as Points, upheld: null },
  });
}

/**
 * The larger panel has spoken. Whoever it clears gets back what the verdict took; whoever it convicts
 * loses what is still at stake. The panel is paid in any case; the bond comes back to who was right.
 */
export function decideAppeal(draft: Draft, task: TaskRecord, proof: ProofOfTask): void {
  const { appeal, conclusion } = task;
  if (appeal === null || conclusion === null) return;
  const evidence = proofHash(proof);
  for (const { node: account } of judgesOf(task).seats)
    returnBond(draft, { account, task, evidence });
  const price = priceOfPanel(draft.state.policy, task, proof);
  const left = payPanel(draft, task, { proof, price });
  const upheld = isUpheld(task, proof);
  const rule = upheld ? "appeal-upheld" : "appeal-lost";
  const lost = upheld || appeal.bond > left.escrow ? 0n : appeal.bond;
  move(
    draft,
    { from: "escrow", to: "burnt", amount: lost },
    { rule, inputs: { bond: lost }, evidence },
  );
  const rest = { ...left, escrow: (left.escrow - lost) as Points };
  // Only one appeal is heard: whom it clears is cleared, whoever made it and however it ends for him.
  const isNew = proof.verdict.findings.some((found) => isNews(conclusion.penalties, found));
  const after = isNew ? overturned(draft, { task, conclusion, proof }) : conclusion;
  close(draft, rest, { rule, upheld, conclusion: after });
}

/** No panel could be had, or it said nothing: the verdict stands, and the stake returns whole. */
export function dismissAppeal(draft: Draft, task: TaskRecord): void {
  const { conclusion } = task;
  if (conclusion !== null) close(draft, task, { rule: "appeal-unheard", upheld: null, conclusion });
}

function close(
  draft: Draft,
  task: TaskRecord,
  { rule, upheld, conclusion }: { rule: Rule; upheld: boolean | null; conclusion: TaskConclusion },
): void {
  const { appeal, escrow, orderId } = task;
  if (appeal === null) return;
  move(
    draft,
    { from: "escrow", to: points(appeal.by), amount: escrow },
    { rule, inputs: {}, evidence: orderId },
  );
  releaseAll(draft, task);
  countOpenOrders(draft, appeal.by, -1);
  const keptUntil = draft.at.activeTime + draft.state.policy.taskKeptMs;
  draft.put("task", {
    ...task,
    phase: "done",
    escrow: 0n as Points,
    conclusion: { ...conclusion, keptUntil },
    appeal: { ...appeal, upheld },
  });
  draft.taskEvent(task, "done");
}

/** A worker is right when he is found honest; a requester when somebody else is to blame than was blamed. */
function isUpheld({ appeal, conclusion }: TaskRecord, { verdict }: ProofOfTask): boolean {
  const penalties = conclusion?.penalties ?? [];
  const own = verdict.findings.find(({ worker }) => worker === appeal?.by);
  if (own !== undefined) return own.verdict === "honest";
  return verdict.findings.some((found) => isNews(penalties, found));
}

const isNews = (penalties: readonly TaskPenalty[], { worker, verdict }: Finding): boolean => {
  const known = penalties.some(({ node }) => node === worker);
  return known ? verdict === "honest" : verdict === "guilty";
};

interface Overturned {
  task: TaskRecord;
  conclusion: TaskConclusion;
  proof: ProofOfTask;
}

/** The conclusion that holds from now on: its points are those of the order, which were paid. */
function overturned(draft: Draft, { task, conclusion, proof }: Overturned): TaskConclusion {
  const evidence = proofHash(proof);
  const { verdict } = proof;
  const since = conclusion.appealUntil - APPEAL_WINDOW_MS;
  const penalties = verdict.findings.flatMap((found): TaskPenalty[] => {
    const { worker: node } = found;
    const known = conclusion.penalties.find((one) => one.node === node);
    if (!isNews(conclusion.penalties, found)) return known ? [known] : [];
    if (known === undefined) {
      const carryOut = () => convictLate(draft, { account: node, task, evidence });
      return [recordPenalty(draft, { node, failed: true }, carryOut)];
    }
    pardon(draft, known, { evidence, since });
    return [];
  });
  const honest = verdict.findings.find((found) => found.verdict === "honest");
  return {
    ...conclusion,
    outcome: verdict.outcome,
    height: draft.at.height,
    proofHash: evidence,
    result: resultOf(proof, honest?.reveal ?? null),
    segmentsSampled: segmentsSampled(task, proof),
    panel: task.panels.length - 1,
    penalties,
  };
}
