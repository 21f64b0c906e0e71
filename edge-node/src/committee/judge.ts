import type { ChainId, NodeId } from "@meshwork/foundation";
import {
  closedSet,
  type Finding,
  isPlain,
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
  const result = agreedResult(task, honest);
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

function findingOn(worker: NodeId, { claims, guilty, unlike }: Findings): Finding {
  const claim = claims.get(worker);
  const evidence = guilty.get(worker) ?? null;
  if (claim === undefined) return { worker, verdict: "unrevealed", reveal: null, evidence: null };
  const { reveal } = claim;
  if (unlike.has(worker)) return { worker, verdict: "unlike", reveal, evidence: null };
  return {
    worker,
    verdict: evidence === null ? "honest" : "guilty",
    reveal,
    evidence,
  };
}

/**
 * Null when nobody is left, or when those who are left do not agree. Where it is enough that outputs are
 * alike, the result is that of the first in draw order.
 */
function agreedResult({ order }: TaskRecord, honest: readonly Claim[]): Verdict["result"] {
  const [first, ...rest] = honest;
  const agrees = ({ reveal }: Claim) =>
    !isPlain(order.work) || reveal.traceRoot === first?.reveal.traceRoot;
  if (first === undefined || !rest.every(agrees)) return null;
  const { resultHash, traceRoot, steps, fuel, fault } = first.reveal;
  return { resultHash, traceRoot, steps, fuel, fault };
}
