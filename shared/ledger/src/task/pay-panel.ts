import type { Fuel, Points } from "@meshwork/foundation";
import {
  type NetworkPolicy,
  type ProofOfTask,
  proofHash,
  type TaskRecord,
  type Verdict,
} from "@meshwork/protocol";
import { contribute } from "../contribution.ts";
import type { Draft } from "../draft.ts";
import { fuelPaid, priceOfRun } from "../escrow.ts";
import { earn } from "../penalties.ts";
import { move } from "../purses.ts";

/** What a panel costs, and how it is split. */
export interface PanelPrice {
  total: bigint;
  perMember: bigint;
  burnt: bigint;
}

/**
 * Who signs is paid a whole run, since he ran it all, whatever he found. It is paid apart from the
 * workers: else they would earn by being doubted. Never above what the task holds.
 */
export function priceOfPanel(
  policy: NetworkPolicy,
  task: TaskRecord,
  { verdict, attestations }: ProofOfTask,
): PanelPrice {
  const members = BigInt(attestations.length);
  const held = task.escrow / members;
  const run = priceOfRun(policy, fuelPaid(task.order, fuelOf(verdict)));
  const each = run < held ? run : held;
  const burnt = (each * BigInt(policy.burnShare) + 65_535n) >> 16n;
  return { total: each * members, perMember: each - burnt, burnt: burnt * members };
}

/** What the run took; where no result stands, the least that any worker claims: one liar of many cannot raise it. */
function fuelOf({ result, findings }: Verdict): Fuel {
  if (result !== null) return result.fuel;
  const claimed = findings.flatMap(({ reveal }) => (reveal === null ? [] : [reveal.fuel]));
  return claimed.toSorted((a, b) => (a < b ? -1 : 1))[0] ?? (0n as Fuel);
}

/** @returns the record with what is left. */
export function payPanel(
  draft: Draft,
  task: TaskRecord,
  { proof, price }: { proof: ProofOfTask; price: PanelPrice },
): TaskRecord {
  const evidence = proofHash(proof);
  const isDeterministic = task.order.work.nature === "deterministic";
  for (const { verifier } of proof.attestations) {
    const points = price.perMember;
    earn(draft, verifier, { rule: "panel-paid", amount: points, evidence, vests: isDeterministic });
    if (isDeterministic)
      contribute(draft, verifier, { rule: "verification-contributed", points, evidence });
  }
  move(
    draft,
    { from: "escrow", to: "burnt", amount: price.burnt },
    { rule: "panel-paid", inputs: {}, evidence: task.orderId },
  );
  return { ...task, escrow: (task.escrow - price.total) as Points };
}
