import type { ChainId, NodeId } from "@meshwork/foundation";
import {
  closedSet,
  type Finding,
  outcomeOf,
  type TaskRecord,
  type Verdict,
} from "@meshwork/protocol";
import type { Findings } from "./exchange-reports.ts";
import type { Claim } from "./read-claims.ts";

/**
 * The verdict that follows from what was found. Pure: verifiers who found the same sign the same
 * bytes. Findings stand in the order of the calls on the ledger.
 */
export function judge(chainId: ChainId, task: TaskRecord, found: Findings): Verdict {
  const findings = closedSet(task).map(({ node }) => findingOn(node, found));
  const honest = findings
    .filter(({ verdict }) => verdict === "honest")
    .flatMap(({ worker }) => found.claims.get(worker) ?? []);
  const result = agreedResult(honest);
  const outcome = outcomeOf(task, { findings, result });
  return {
    chainId,
    orderId: task.orderId,
    attempt: task.attempt,
    outcome,
    findings,
    result,
  };
}

function findingOn(worker: NodeId, { claims, guilty }: Findings): Finding {
  const claim = claims.get(worker);
  const evidence = guilty.get(worker) ?? null;
  if (claim === undefined) return { worker, verdict: "unrevealed", reveal: null, evidence: null };
  return {
    worker,
    verdict: evidence === null ? "honest" : "guilty",
    reveal: claim.reveal,
    evidence,
  };
}

/** Null when nobody is left, or when those who are left do not agree. */
function agreedResult(honest: readonly Claim[]): Verdict["result"] {
  const [first, ...rest] = honest;
  if (first === undefined || rest.some(({ reveal }) => reveal.traceRoot !== first.reveal.traceRoot))
    return null;
  const { resultHash, traceRoot, steps, fuel, fault } = first.reveal;
  return { resultHash, traceRoot, steps, fuel, fault };
}
