import type { Digest, Fuel, NodeId } from "@meshwork/foundation";
import {
  type Dispatch,
  isAudited,
  NOTHING_HASH,
  type SegmentEvidence,
  sampleDigest,
  sampledSteps,
} from "@meshwork/protocol";
import { holdersOf } from "../assignment.ts";
import type { TaskRun } from "../runtime/run-task.ts";
import { fetchContent, fetchTask } from "../worker/fetch-inputs.ts";
import { replayWorld, TranscriptError } from "../worker/outside/replay-world.ts";
import { type Alike, alikeUnder } from "./comparators/alike.ts";
import { evidenceAgainst, firstDifference } from "./compare.ts";
import type { Findings } from "./exchange-reports.ts";
import { passesRubric } from "./pass-rubric.ts";
import type { Claim } from "./read-claims.ts";
import { runAlone } from "./run-alone.ts";
import type { Verification, VerifierParts } from "./verify-task.ts";

/** What one verifier found of all claims, and what he shows to have looked. */
export interface Checked {
  findings: Findings;
  samples: Digest[];
}

export interface Shown {
  claims: readonly Claim[];
  dispatch: Dispatch;
}

/**
 * Checks what need not be the same to the last bit. Everybody who checks what can be repeated finds the
 * same; so nothing is exchanged, and verifiers who judge are not told what others think.
 */
export async function checkByNature(
  parts: VerifierParts,
  verification: Verification,
  shown: Shown,
): Promise<Checked> {
  const alike = alikeIn(parts, verification, shown);
  const sound = shown.claims.filter(({ reveal }) => reveal.fault === null);
  switch (verification.task.order.work.nature) {
    case "deterministic":
      return checkAgainstRerun(parts, verification, { ...shown, alike });
    case "record-replay":
      return checkRecorded(parts, verification, { ...shown, alike });
    case "quorum-similarity": {
      const like = await likeMost(shown.claims, alike);
      return opinion(shown.claims, like.length < 2 ? [] : like);
    }
    case "judged": {
      const passing = [];
      for (const claim of sound)
        if (await passesRubric(parts, verification, { ...shown, claim })) passing.push(claim);
      return opinion(shown.claims, await likeFirst(passing, alike));
    }
    case "attested":
      return opinion(shown.claims, await likeFirst(sound, alike));
  }
}

/** Nobody is blamed: some are agreed on, the others are not. */
const opinion = (claims: readonly Claim[], agreed: readonly Claim[]): Checked => ({
  findings: {
    claims: byWorker(claims),
    guilty: new Map(),
    unlike: new Set(claims.filter((one) => !agreed.includes(one)).map(({ worker }) => worker)),
  },
  samples: [],
});

const byWorker = (claims: readonly Claim[]) => new Map(claims.map((one) => [one.worker, one]));

/** Deterministic work whose outputs need only be alike: each is held against a run of one's own, and so is its price. */
async function checkAgainstRerun(
  { secrets, keyPair }: VerifierParts,
  { task, assignment, replayer }: Verification,
  { claims, alike }: Shown & { alike: AlikeRuns },
): Promise<Checked> {
  const [first] = claims;
  const differ = claims.some(({ reveal }) => reveal.traceRoot !== first?.reveal.traceRoot);
  const unlike: Findings["unlike"] = new Set();
  if (first === undefined || (!differ && !isAudited(task)))
    return { findings: { claims: byWorker(claims), guilty: new Map(), unlike }, samples: [] };

  const run = await replayer.replayAll();
  const guilty = new Map<NodeId, SegmentEvidence>();
  for (const claim of claims) {
    const isRight =
      claim.reveal.fuel <= run.fuel &&
      (await alike(claim, { output: run.output, reveal: { fault: run.fault } }));
    if (!isRight) guilty.set(claim.worker, evidenceFrom(claim, run));
  }
  const agreed = claims.find(({ worker }) => !guilty.has(worker));
  const seed = secrets("seed", assignment.orderId, assignment.attempt);
  const picked =
    agreed === undefined || !isAudited(task)
      ? []
      : sampledSteps(seed, agreed.reveal.steps, task.order.policy.segmentsPerVerifier);
  const postOf = (step: number) => run.leaves[step]?.post ?? NOTHING_HASH;
  return {
    findings: { claims: byWorker(claims), guilty, unlike },
    samples: picked.map((step) => sampleDigest(keyPair.publicKey, seed, postOf(step))),
  };
}

function evidenceFrom(claim: Claim, run: TaskRun): SegmentEvidence {
  const index = firstDifference(claim.leaves, run.leaves);
  const actual = run.leaves[index];
  if (actual === undefined) throw new RangeError("a run that differs has a leaf that differs");
  return evidenceAgainst(claim, actual, index);
}

/** Every claim is run again on its own transcript; then the outputs are held against each other. */
async function checkRecorded(
  parts: VerifierParts,
  verification: Verification,
  { claims, dispatch, alike }: Shown & { alike: AlikeRuns },
): Promise<Checked> {
  const guilty = new Map<NodeId, SegmentEvidence>();
  const fitting: Claim[] = [];
  for (const claim of claims) {
    const run = await replayRecorded(parts, verification, { claim, dispatch });
    // As if nothing had been shown: a transcript that is not this run's shows nothing of it.
    if (run === null) continue;
    fitting.push(claim);
    if (run.traceRoot !== claim.reveal.traceRoot)
      guilty.set(claim.worker, evidenceFrom(claim, run));
  }
  const honest = fitting.filter(({ worker }) => !guilty.has(worker));
  const { findings, samples } = opinion(honest, await likeMost(honest, alike));
  return { findings: { ...findings, claims: byWorker(fitting), guilty }, samples };
}

/** Null when the program asks anything else than the transcript says, or less. */
async function replayRecorded(
  parts: VerifierParts,
  { task, signal }: Verification,
  { claim, dispatch }: { claim: Claim; dispatch: Dispatch },
): Promise<TaskRun | null> {
  const world = replayWorld(claim.transcript ?? { exchanges: [] });
  const ready = await fetchTask(parts.blobs, dispatch, {
    hints: holdersOf(task, parts.me),
    signal,
  });
  try {
    const mayAsk = dispatch.contract.outside !== null;
    const run = await runAlone(parts, { ...ready, mayAsk, ...(mayAsk && { world }) }, signal);
    return world.isSpent() ? run : null;
  } catch (error) {
    if (error instanceof TranscriptError) return null;
    throw error;
  }
}

type Run = Pick<Claim, "output"> & { reveal: Pick<Claim["reveal"], "fault"> };
type AlikeRuns = (a: Run, b: Run) => Promise<boolean>;

/** Runs that ended alike, with outputs that are. */
function alikeIn(
  parts: VerifierParts,
  { task, signal }: Verification,
  { dispatch }: Shown,
): AlikeRuns {
  const { comparator, limits } = dispatch.contract;
  const { replicas } = task.order.policy;
  // Each output against each, both ways round: all of it is no more than one run, for which there is time.
  const fuel = (limits.fuel / BigInt(2 * replicas ** 2)) as Fuel;
  const runModule = async (inputs: readonly Uint8Array[]) => {
    if (comparator.kind !== "wasm") throw new RangeError(`${comparator.kind} runs no module`);
    const from = { ref: comparator.module, hints: holdersOf(task, parts.me), signal };
    const bytes = await fetchContent(parts.blobs, dispatch, from);
    const program = { runtime: "wasm-step-v1", bytes } as const;
    const { fault, output } = await runAlone(
      parts,
      { program, inputs, limits: { ...limits, fuel } },
      signal,
    );
    return fault === null ? output : null;
  };
  const alike: Alike = alikeUnder(comparator, runModule);
  return async (a, b) => a.reveal.fault === b.reveal.fault && alike(a.output, b.output);
}

/** All that are like the first in draw order which more than half are like: to be near is not transitive. */
async function likeMost(claims: readonly Claim[], alike: AlikeRuns): Promise<Claim[]> {
  for (const one of claims) {
    const like = await allLike(one, claims, alike);
    if (2 * like.length > claims.length) return like;
  }
  return [];
}

const likeFirst = async (claims: readonly Claim[], alike: AlikeRuns): Promise<Claim[]> => {
  const [first] = claims;
  return first === undefined ? [] : allLike(first, claims, alike);
};

async function allLike(one: Claim, claims: readonly Claim[], alike: AlikeRuns): Promise<Claim[]> {
  const like: Claim[] = [];
  for (const other of claims) if (other === one || (await alike(one, other))) like.push(other);
  return like;
}
