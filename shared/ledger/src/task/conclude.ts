import type { Points } from "@meshwork/foundation";
import {
  type Finding,
  isLive,
  type ProofOfTask,
  proofHash,
  type Reveal,
  seatedVerifiers,
  segmentsSampled,
  type TaskRecord,
} from "@meshwork/protocol";
import { contribute } from "../contribution.ts";
import type { Draft } from "../draft.ts";
import { refund, type Split, splitOf } from "../escrow.ts";
import { burnBond, convict, earn, praise, returnBond } from "../penalties.ts";
import { move } from "../purses.ts";
import type { Evidence } from "../why.ts";
import { releaseAll } from "./places.ts";

/** The ledger gives a task up: nobody can be blamed, everybody gets back what he put in. */
export function abandon(draft: Draft, task: TaskRecord): void {
  for (const place of [...task.workers, ...task.verifiers])
    if (isLive(place) && place.state !== "called") returnBond(draft, place.node, task.orderId);
  finish(draft, task, {
    outcome: "inconclusive",
    proofHash: null,
    result: null,
    segmentsSampled: 0,
    split: null,
  });
}

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
          fullAudit: task.audit?.mode === "full",
        });
  // Standing comes only from a result that was held against something: an audit, or another's run.
  const shown = verdict.findings.filter((found) => found.reveal !== null);
  const wasChecked = task.audit?.mode !== "none" || shown.length > 1;
  for (const found of verdict.findings) judge(draft, { found, split, wasChecked, evidence });
  for (const place of task.verifiers)
    if (place.state === "accepted") returnBond(draft, place.node, evidence);
  if (split !== null)
    for (const { verifier } of proof.attestations) {
      const points = split.perVerifier;
      earn(draft, verifier, { rule: "verification-paid", amount: points, evidence });
      contribute(draft, verifier, { rule: "verification-contributed", points, evidence });
    }
  finish(draft, task, {
    outcome: verdict.outcome,
    proofHash: evidence,
    result: resultOf(proof, honest[0]?.reveal ?? null),
    segmentsSampled: segmentsSampled(task, proof),
    split,
  });
}

interface Judgement {
  found: Finding;
  split: Split | null;
  wasChecked: boolean;
  evidence: Evidence;
}

function judge(draft: Draft, { found, split, wasChecked, evidence }: Judgement): void {
  const { worker } = found;
  switch (found.verdict) {
    case "guilty":
      convict(draft, worker, evidence);
      break;
    case "unrevealed":
      burnBond(draft, worker, { rule: "not-revealed", evidence });
      break;
    case "honest":
      returnBond(draft, worker, evidence);
      if (split !== null)
        earn(draft, worker, { rule: "work-paid", amount: split.perWorker, evidence });
      if (wasChecked) praise(draft, worker, evidence);
      if (wasChecked && split !== null)
        contribute(draft, worker, { rule: "work-contributed", points: split.perWorker, evidence });
  }
}

type Ending = Pick<
  NonNullable<TaskRecord["conclusion"]>,
  "outcome" | "proofHash" | "result" | "segmentsSampled"
> & { split: Split | null };

/** The last word: the rest of the escrow goes back, and the record never changes again. */
function finish(draft: Draft, task: TaskRecord, { split, ...ending }: Ending): void {
  const spent = split?.total ?? 0n;
  const burnt = split?.burnt ?? 0n;
  move(
    draft,
    { from: "escrow", to: "burnt", amount: burnt },
    { rule: "work-paid", inputs: {}, evidence: task.orderId },
  );
  const { requester, orderId } = task;
  refund(draft, { requester, orderId, amount: task.escrow - spent });
  releaseAll(draft, task);
  const conclusion = {
    ...ending,
    height: draft.at.height,
    paid: (spent - burnt) as Points,
    burnt: burnt as Points,
    refunded: (task.escrow - spent) as Points,
  };
  draft.put("task", { ...task, phase: "done", conclusion });
  draft.taskEvent(task, "done");
}

function resultOf({ verdict }: ProofOfTask, shown: Reveal | null) {
  if (verdict.result === null || shown === null) return null;
  return { ...verdict.result, sealedOutput: shown.sealedOutput };
}
