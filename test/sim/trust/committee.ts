import { type Digest, type NodeId, toHex } from "@meshwork/foundation";
import {
  type Attestation,
  closedSet,
  encodeLeaf,
  outcomeOf,
  type Finding as ProtocolFinding,
  sampleCount,
  sampleDigest,
  sampledSteps,
  type TaskPlace,
  type TaskRecord,
  type TraceLeaf,
  tracePath,
  type Verdict,
} from "@meshwork/protocol";
import { seededDigest } from "./identity.ts";
import { type Lie, type Run, revealOf, runKey, STEPS, traceOf } from "./program.ts";
import type { AuditMode, Finding } from "./strategy.ts";
import { UNSIGNED } from "./trust-ledger.ts";

export const seedOf = (verifier: NodeId, { orderId, attempt }: TaskRecord): Digest =>
  seededDigest(`${verifier}/seed/${orderId}/${attempt}`);

export const saltOf = (worker: NodeId, { orderId }: TaskRecord): string =>
  `${worker}/salt/${orderId}`;

/** What the honest among the verifiers find together: what edge-node/src/committee does, with known lies. */
export function truthOf(
  task: TaskRecord,
  shown: ReadonlyMap<NodeId, Run | null>,
  auditors: readonly NodeId[],
): Finding[] {
  const mode = task.audit?.mode ?? "none";
  const findings = closedSet(task).map(({ node }) => ({ worker: node, run: shown.get(node) }));
  const told = findings.flatMap(({ run }) => (run ? [run] : []));
  const picks = auditors.map((id) => pickedBy(id, task));
  return findings.map(({ worker, run = null }) => ({
    worker,
    run,
    at: run === null || run === "honest" ? null : caughtAt(run, { told, mode, picks }),
  }));
}

export const pickedBy = (verifier: NodeId, task: TaskRecord): number[] =>
  sampledSteps(seedOf(verifier, task), STEPS, task.order.policy.segmentsPerVerifier);

/** Claims that differ are held against each other until one is left, which is run whole if it stands alone. */
function caughtAt(
  lie: Lie,
  { told, mode, picks }: { told: readonly Run[]; mode: AuditMode; picks: readonly number[][] },
): number | null {
  const first = lie.forged[0] ?? null;
  const stories = new Set(told.map(runKey));
  const sameStory = told.filter((run) => runKey(run) === runKey(lie)).length;
  if (mode === "full" || stories.has("honest")) return first;
  if (stories.size > 1 && sameStory === 1) return first;
  if (mode === "none") return null;
  return lie.forged.find((step) => picks.some((picked) => picked.includes(step))) ?? null;
}

export function verdictOf(
  task: TaskRecord,
  chainId: Verdict["chainId"],
  found: readonly Finding[],
): Verdict {
  const findings = found.map((one) => findingOf(task, one));
  const agreed = findings.find(({ verdict }) => verdict === "honest")?.reveal ?? null;
  const result = agreed && {
    resultHash: agreed.resultHash,
    traceRoot: agreed.traceRoot,
    steps: agreed.steps,
    fuel: agreed.fuel,
    fault: agreed.fault,
  };
  const { orderId, attempt } = task;
  const outcome = outcomeOf(task, { findings, result });
  return { chainId, orderId, attempt, outcome, findings, result };
}

function findingOf(task: TaskRecord, { worker, run, at }: Finding): ProtocolFinding {
  if (run === null) return { worker, verdict: "unrevealed", reveal: null, evidence: null };
  const reveal = revealOf(worker, run, saltOf(worker, task));
  if (at === null) return { worker, verdict: "honest", reveal, evidence: null };
  const { leaves } = traceOf(run);
  const claimed = leaves[at] as TraceLeaf;
  // What the step really gives; a verifier who slanders makes something up.
  const actual = { ...claimed, post: seededDigest(`truth of ${runKey(run)} at ${at}`) };
  const evidence = {
    index: at,
    claimedLeaf: toHex(encodeLeaf(claimed)),
    path: tracePath(leaves, at),
    actualLeaf: toHex(encodeLeaf(actual)),
  };
  return { worker, verdict: "guilty", reveal, evidence };
}

export function attestationOf(
  task: TaskRecord,
  verdict: Verdict,
  { node, key }: TaskPlace,
): Attestation {
  const seed = seedOf(node, task);
  // Nobody can tell samples that were run from samples that were made up.
  const samples = pickedBy(node, task)
    .slice(0, sampleCount(task, verdict))
    .map((step) => sampleDigest(key, seed, seededDigest(`post ${step}`)));
  return { verifier: node, seed, samples, signature: UNSIGNED };
}
