import type { Points } from "@meshwork/foundation";
import {
  type Finding,
  type ProofOfTask,
  proofHash,
  type Reveal,
  seatedVerifiers,
  segmentsSampled,
  type TaskConclusion,
  type TaskPenalty,
  type TaskRecord,
} from "@meshwork/protocol";
import { contribute } from "../contribution.ts";
import type { Draft } from "../draft.ts";
import { fuelPaid, rerunOf, type Split, splitOf } from "../escrow.ts";
import { chargeUnrevealed, convict, earn, praise, returnBond } from "../penalties.ts";
import { countOpenOrders, move, points } from "../purses.ts";
import type { Evidence } from "../why.ts";
import { recordPenalty } from "./pardon.ts";
import { releaseAll } from "./places.ts";
import { mayTryAgain, redraw } from "./redraw.ts";

/** Active time in which a verdict can be doubted: long enough to look, short enough to keep the data. */
export const APPEAL_WINDOW_MS = 600_000;

/** The verifiers agree: what they say is done. */
export function concludeByVerifiers(draft: Draft, task: TaskRecord, proof: ProofOfTask): void {
  const { verdict } = proof;
  const evidence = proofHash(proof);
  const honest = verdict.findings.filter((found) => found.verdict === "honest");
  const split =
    verdict.result === null
      ? null
      : splitOf(draft.state.policy, {
          fuel: fuelPaid(task.order, verdict.result.fuel),
          ceiling: task.escrow,
          workers: honest.length,
          verifiers: proof.attestations.length,
          seats: seatedVerifiers(task).length,
          rerun: rerunOf(task, verdict),
        });
  // Standing comes only from a result that was held against something: an audit, or another's run. And
  // only from work that is deterministic: nobody can tell a lie in the other from the world's own whims.
  const isDeterministic = task.order.work.nature === "deterministic";
  const shown = verdict.findings.filter((found) => found.reveal !== null);
  const wasChecked = isDeterministic && (task.audit?.mode !== "none" || shown.length > 1);
  const judgement = { split, wasChecked, evidence, task, sparesSilent: false };
  const penalties = judgeWorkers(draft, verdict.findings, judgement);
  for (const { node: account } of seatedVerifiers(task))
    returnBond(draft, { account, task, evidence });
  if (split !== null)
    for (const { verifier } of proof.attestations) {
      const points = split.perVerifier;
      const rule = "verification-paid";
      earn(draft, verifier, { rule, amount: points, evidence, vests: isDeterministic });
      if (isDeterministic)
        contribute(draft, verifier, { rule: "verification-contributed", points, evidence });
    }
  endByVerdict(draft, spent(draft, task, split), {
    outcome: verdict.outcome,
    proofHash: evidence,
    result: resultOf(proof, honest[0]?.reveal ?? null),
    segmentsSampled: segmentsSampled(task, proof),
    burnt: split?.burnt ?? 0n,
    panel: null,
    penalties,
  });
}

/** A verdict that blames nobody is no end while others can be drawn. */
export function endByVerdict(draft: Draft, task: TaskRecord, ending: Ending): void {
  if (ending.outcome === "inconclusive" && mayTryAgain(draft, task)) redraw(draft, task);
  else finish(draft, task, ending);
}

/** The share that is burnt goes; the rest of the price went to those who earned it. */
export function spent(draft: Draft, task: TaskRecord, split: Split | null): TaskRecord {
  if (split === null) return task;
  move(
    draft,
    { from: "escrow", to: "burnt", amount: split.burnt },
    { rule: "work-paid", inputs: {}, evidence: task.orderId },
  );
  return { ...task, escrow: (task.escrow - split.total) as Points };
}

interface Judgement {
  split: Split | null;
  wasChecked: boolean;
  evidence: Evidence;
  task: TaskRecord;
  /** So few judge that to have seen nothing is held against nobody. */
  sparesSilent: boolean;
}

/** Pays and charges each worker as he was found; what was taken is kept, so that an appeal can give it back. */
export function judgeWorkers(
  draft: Draft,
  findings: readonly Finding[],
  judgement: Judgement,
): TaskPenalty[] {
  return findings.flatMap((found) => {
    const { worker: node, verdict } = found;
    if (verdict === "unrevealed" && judgement.sparesSilent) {
      returnBond(draft, { ...judgement, account: node });
      return [];
    }
    const carryOut = () => judge(draft, found, judgement);
    if (verdict === "guilty" || verdict === "unrevealed")
      return [recordPenalty(draft, { node, failed: verdict === "guilty" }, carryOut)];
    carryOut();
    return [];
  });
}

function judge(
  draft: Draft,
  found: Finding,
  { split, wasChecked, evidence, task }: Judgement,
): void {
  const { worker } = found;
  const stake = { account: worker, task, evidence };
  switch (found.verdict) {
    case "guilty":
      convict(draft, stake);
      break;
    case "unrevealed":
      chargeUnrevealed(draft, stake);
      break;
    case "unlike":
      returnBond(draft, stake);
      break;
    case "honest":
      returnBond(draft, stake);
      if (split !== null) {
        const vests = task.order.work.nature === "deterministic";
        earn(draft, worker, { rule: "work-paid", amount: split.perWorker, evidence, vests });
      }
      if (wasChecked) praise(draft, worker, { evidence, requester: task.requester });
      if (wasChecked && split !== null)
        contribute(draft, worker, { rule: "work-contributed", points: split.perWorker, evidence });
  }
}

type Ending = Pick<
  TaskConclusion,
  "outcome" | "proofHash" | "result" | "segmentsSampled" | "panel" | "penalties"
> & { burnt: bigint };

/** How a task ends that nobody has judged. */
export const nobodysVerdict = {
  proofHash: null,
  result: null,
  segmentsSampled: 0,
  panel: null,
  penalties: [],
} satisfies Partial<Ending>;

/** The end, unless somebody appeals: what is left of the escrow goes back. */
export function finish(draft: Draft, task: TaskRecord, { burnt, ...ending }: Ending): void {
  const { requester, orderId, escrow, order } = task;
  move(
    draft,
    { from: "escrow", to: points(requester), amount: escrow },
    { rule: "refund", inputs: {}, evidence: orderId },
  );
  releaseAll(draft, task);
  countOpenOrders(draft, requester, -1);
  const conclusion: TaskConclusion = {
    ...ending,
    height: draft.at.height,
    paid: (order.priceCeiling - escrow - burnt) as Points,
    burnt: burnt as Points,
    refunded: escrow,
    keptUntil: draft.at.activeTime + draft.state.policy.taskKeptMs,
    appealUntil: draft.at.activeTime + APPEAL_WINDOW_MS,
  };
  draft.put("task", { ...task, escrow: 0n as Points, phase: "done", conclusion });
  draft.taskEvent(task, "done");
}

export function resultOf({ verdict }: ProofOfTask, shown: Reveal | null) {
  if (verdict.result === null || shown === null) return null;
  return { ...verdict.result, sealedOutput: shown.sealedOutput };
}
