import type { Points } from "@meshwork/foundation";
import {
  type Finding,
  type ProofOfTask,
  proofHash,
  type Reveal,
  seatedVerifiers,
  segmentsSampled,
  type TaskConclusion,
  type TaskRecord,
} from "@meshwork/protocol";
import { contribute } from "../contribution.ts";
import type { Draft } from "../draft.ts";
import { rerunOf, type Split, splitOf } from "../escrow.ts";
import { chargeUnrevealed, convict, earn, praise, returnBond } from "../penalties.ts";
import { countOpenOrders, move, points } from "../purses.ts";
import type { Evidence } from "../why.ts";
import { releaseAll } from "./places.ts";
import { mayTryAgain, redraw } from "./redraw.ts";

/** A proof that was checked: what it says is done. */
export function concludeByProof(draft: Draft, task: TaskRecord, proof: ProofOfTask): void {
  const { verdict } = proof;
  const evidence = proofHash(proof);
  const honest = verdict.findings.filter((found) => found.verdict === "honest");
  const split =
    verdict.result === null
      ? null
      : splitOf(draft.state.policy, {
          fuel: verdict.result.fuel,
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
  for (const found of verdict.findings)
    judge(draft, { found, split, isDeterministic, wasChecked, evidence, task });
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
  if (verdict.outcome === "inconclusive" && mayTryAgain(draft, task)) redraw(draft, task);
  else
    finish(draft, spent(draft, task, split), {
      outcome: verdict.outcome,
      proofHash: evidence,
      result: resultOf(proof, honest[0]?.reveal ?? null),
      segmentsSampled: segmentsSampled(task, proof),
      burnt: split?.burnt ?? 0n,
    });
}

/** The share that is burnt goes; the rest of the price went to those who earned it. */
function spent(draft: Draft, task: TaskRecord, split: Split | null): TaskRecord {
  if (split === null) return task;
  move(
    draft,
    { from: "escrow", to: "burnt", amount: split.burnt },
    { rule: "work-paid", inputs: {}, evidence: task.orderId },
  );
  return { ...task, escrow: (task.escrow - split.total) as Points };
}

interface Judgement {
  found: Finding;
  split: Split | null;
  isDeterministic: boolean;
  wasChecked: boolean;
  evidence: Evidence;
  task: TaskRecord;
}

function judge(draft: Draft, judgement: Judgement): void {
  const { found, split, isDeterministic, wasChecked, evidence, task } = judgement;
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
        const amount = split.perWorker;
        earn(draft, worker, { rule: "work-paid", amount, evidence, vests: isDeterministic });
      }
      if (wasChecked) praise(draft, worker, { evidence, requester: task.requester });
      if (wasChecked && split !== null)
        contribute(draft, worker, { rule: "work-contributed", points: split.perWorker, evidence });
  }
}

type Ending = Pick<TaskConclusion, "outcome" | "proofHash" | "result" | "segmentsSampled"> & {
  burnt: bigint;
};

/** The last word: what is left of the escrow goes back, and the record never changes again. */
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
  };
  draft.put("task", { ...task, escrow: 0n as Points, phase: "done", conclusion });
  draft.taskEvent(task, "done");
}

function resultOf({ verdict }: ProofOfTask, shown: Reveal | null) {
  if (verdict.result === null || shown === null) return null;
  return { ...verdict.result, sealedOutput: shown.sealedOutput };
}
