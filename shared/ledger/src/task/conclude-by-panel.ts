import type { Points } from "@meshwork/foundation";
import {
  falseWords,
  judgesOf,
  type ProofOfTask,
  proofHash,
  seatedVerifiers,
  segmentsSampled,
  type TaskRecord,
} from "@meshwork/protocol";
import { contribute } from "../contribution.ts";
import type { Draft } from "../draft.ts";
import { fuelPaid, rerunOf, splitOf } from "../escrow.ts";
import { chargeFalseWord, earn, returnBond } from "../penalties.ts";
import type { Evidence } from "../why.ts";
import { endByVerdict, judgeWorkers, resultOf, spent } from "./conclude.ts";
import { payPanel, priceOfPanel } from "./pay-panel.ts";

/**
 * A panel's verdict ends the task like any other. Beside the workers it judges the verifiers before it,
 * by what they laid on the ledger; those who were right are paid as if their verdict had come.
 */
export function concludeByPanel(draft: Draft, task: TaskRecord, proof: ProofOfTask): void {
  const { verdict } = proof;
  const evidence = proofHash(proof);
  const { isSmall } = judgesOf(task);
  const upright = judgeVerifiers(draft, { task, proof, evidence });
  const forPanel = priceOfPanel(draft.state.policy, task, proof);
  const honest = verdict.findings.filter((found) => found.verdict === "honest");
  const split =
    verdict.result === null
      ? null
      : splitOf(draft.state.policy, {
          fuel: fuelPaid(task.order, verdict.result.fuel),
          ceiling: (task.escrow - forPanel.total) as Points,
          workers: honest.length,
          verifiers: upright.length,
          seats: task.order.policy.verifiers,
          rerun: rerunOf(task, verdict),
        });
  const isDeterministic = task.order.work.nature === "deterministic";
  const judgement = { split, wasChecked: isDeterministic, evidence, task, sparesSilent: isSmall };
  const penalties = judgeWorkers(draft, verdict.findings, judgement);
  for (const verifier of split === null ? [] : upright) {
    const points = split?.perVerifier ?? 0n;
    const rule = "verification-paid";
    earn(draft, verifier, { rule, amount: points, evidence, vests: isDeterministic });
    if (isDeterministic)
      contribute(draft, verifier, { rule: "verification-contributed", points, evidence });
  }
  for (const { node: account } of judgesOf(task).seats)
    returnBond(draft, { account, task, evidence });
  const left = spent(draft, payPanel(draft, task, { proof, price: forPanel }), split);
  endByVerdict(draft, left, {
    outcome: verdict.outcome,
    proofHash: evidence,
    result: resultOf(proof, honest[0]?.reveal ?? null),
    segmentsSampled: segmentsSampled(task, proof),
    burnt: forPanel.burnt + (split?.burnt ?? 0n),
    panel: task.panels.length - 1,
    penalties,
  });
}

/** @returns those whose word stands. */
function judgeVerifiers(
  draft: Draft,
  { task, proof, evidence }: { task: TaskRecord; proof: ProofOfTask; evidence: Evidence },
) {
  const refuted = new Set(falseWords(task, proof.verdict));
  for (const { node: account } of seatedVerifiers(task)) {
    const stake = { account, task, evidence };
    if (refuted.has(account)) chargeFalseWord(draft, stake);
    else returnBond(draft, stake);
  }
  return seatedVerifiers(task)
    .filter(({ node, state }) => state === "attested" && !refuted.has(node))
    .map(({ node }) => node);
}
