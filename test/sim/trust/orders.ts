import type { NodeId, Points } from "@meshwork/foundation";
import { priceOfRun, worstCaseOf } from "@meshwork/ledger";
import {
  ANYWHERE,
  type NetworkPolicy,
  plainWork,
  type TaskOrder,
  type VerificationPolicy,
} from "@meshwork/protocol";
import { seededDigest } from "./identity.ts";
import { FUEL } from "./program.ts";

const VERIFIERS = 4;
const SAMPLES = 2;

/** An order that relies on earned trust: it is audited at the network's rate, not at one of its own. */
export function orderOf(
  policy: NetworkPolicy,
  { gateway, replicas, plan }: { gateway: NodeId; replicas: number; plan?: VerificationPolicy },
): TaskOrder {
  const order: TaskOrder = {
    contractHash: seededDigest("contract"),
    gateway,
    policy: plan ?? {
      replicas,
      verifiers: VERIFIERS,
      segmentsPerVerifier: SAMPLES,
      auditRate: 0,
    },
    priority: 1,
    deadlines: { matchMs: 10_000, runMs: 60_000, deliverMs: 30_000 },
    priceCeiling: 0n as Points,
    maxFuel: FUEL,
    work: plainWork,
    placement: ANYWHERE,
  };
  return { ...order, priceCeiling: worstCaseOf(policy, order) as Points };
}

/** What a worker of one replica is paid when nothing is audited: nobody works at a loss, so a run costs less. */
export function payOfRun(policy: NetworkPolicy): number {
  const share = (q16: number) => 1 - q16 / 65_536;
  return Number(priceOfRun(policy, FUEL)) * share(policy.burnShare) * share(policy.verifierShare);
}
