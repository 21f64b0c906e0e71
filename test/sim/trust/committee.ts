import { type Digest, type NodeId, toHex } from "@meshwork/foundation";
import {
  type Attestation,
  closedSet,
  contradictsHimself,
  encodeLeaf,
  judgesOf,
  NOTHING_HASH,
  outcomeOf,
  type Finding as ProtocolFinding,
  picksOf,
  sampleCount,
  sampleDigest,
  sampledSteps,
  type TaskPlace,
  type TaskRecord,
  type TraceLeaf,
  type TransactionBody,
  tracePath,
  type Verdict,
} from "@meshwork/protocol";
import { seededDigest } from "./identity.ts";
import { type Lie, type Run, revealOf, runKey, STEPS, traceOf } from "./program.ts";
import type { AuditMode, Finding, Samples } from "./strategy.ts";
import { UNSIGNED } from "./trust-ledger.ts";

export const seedOf = (verifier: NodeId, { orderId, attempt }: TaskRecord): Digest =>
  seededDigest(`${verifier}/seed/${orderId}/${attempt}`);

export const saltOf = (worker: NodeId, { orderId }: TaskRecord): string =>
  `${worker}/salt/${orderId}`;

/** A panel runs all of it again, whatever chance had drawn. */
export const auditModeOf = (task: TaskRecord): AuditMode =>
  judgesOf(task).isPanel ? "full" : (task.audit?.mode ?? "none");

/** What the honest among the verifiers find together: what edge-node/src/committee does, with known lies. */
export function truthOf(
  task: TaskRecord,
  shown: ReadonlyMap<NodeId, Run | null>,
  auditors: readonly NodeId[],
): Finding[] {
  const mode = auditModeOf(task);
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

/** What he ran again, or read off the trace that the worker shows, or made up. */
export function attestationOf(
  task: TaskRecord,
  verdict: Verdict,
  { seat: { node, key }, samples: kind }: { seat: TaskPlace; samples: Samples },
): Attestation {
  const seed = seedOf(node, task);
  const { leaves } = traceOf("honest");
  const samples = pickedBy(node, task)
    .slice(0, sampleCount(task, verdict))
    .map((step) => {
      const post = leaves[step]?.post ?? NOTHING_HASH;
      return sampleDigest(key, seed, kind === "made up" ? seededDigest(`post ${step}`) : post);
    });
  return { verifier: node, seed, samples, signature: UNSIGNED };
}

/** Whoever has seen the trace looks at the samples of the others: one that is not of it convicts. */
export function recheckOf(
  verdict: Verdict,
  { seat: { key }, attestation }: { seat: TaskPlace; attestation: Attestation },
): TransactionBody | null {
  const { leaves, traceRoot } = traceOf("honest");
  if (verdict.result?.traceRoot !== traceRoot) return null;
  const wrong = picksOf({ verdict, attestation })
    .flatMap((step) => leaves[step] ?? [])
    .find((leaf) => contradictsHimself({ key, verdict, attestation }, leaf));
  if (wrong === undefined) return null;
  const leaf = toHex(encodeLeaf(wrong));
  return { kind: "recheck", verdict, attestation, leaf, path: tracePath(leaves, wrong.index) };
}
