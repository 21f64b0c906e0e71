import { type Digest, type NodeId, type OrderId, toHex } from "@meshwork/foundation";
import {
  type Attestation,
  checkVerdict,
  closedSet,
  encodeLeaf,
  type Finding,
  judgesOf,
  outcomeOf,
  type ProofOfTask,
  type Reveal,
  type SegmentEvidence,
  sampleCount,
  sampleDigest,
  sampledSteps,
  signAttestation,
  type TaskPlace,
  type TaskRecord,
  type TraceLeaf,
  tracePath,
  type Verdict,
  verdictHash,
} from "@meshwork/protocol";
import type { Conduct } from "./actors.ts";
import { identityKeyOf, seededDigest, type TestMember } from "./members.ts";
import type { TestNetwork } from "./network.ts";
import { LIE_AT, STEPS, testRun } from "./test-run.ts";

interface Parts {
  network: TestNetwork;
  conductIn(id: NodeId, orderId: OrderId): Conduct;
  revealOf(id: NodeId, orderId: OrderId): Reveal;
}

/** What verifiers and panels say and sign, each by his conduct. */
export class TestJudges {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What the honest find together. */
  truth(task: TaskRecord): Verdict {
    const findings = closedSet(task).map(({ node }) => this.#findingOf(node, task.orderId));
    return this.#verdict(task, findings);
  }

  /** What this one signs; null when the rules leave him nothing to say. */
  wordOf(task: TaskRecord, judge: NodeId): Verdict | null {
    const { network, conductIn } = this.#parts;
    const conduct = conductIn(judge, task.orderId);
    const truth = this.truth(task);
    const bent = truth.findings.map((found) => this.#bend(found, truth, conduct));
    const verdict = bent.every((found, i) => found === truth.findings[i])
      ? truth
      : this.#verdict(task, bent);
    return checkVerdict({ chainId: network.chainId, task }, verdict) === null ? verdict : null;
  }

  /** The signatures of the first quorum of those who say the same, if one does. */
  proofOf(task: TaskRecord): ProofOfTask | null {
    const { quorum, seats } = judgesOf(task);
    const words = seats.flatMap((seat) => {
      const isSilent = this.#parts.conductIn(seat.node, task.orderId) === "vanishes";
      const verdict = isSilent ? null : this.wordOf(task, seat.node);
      return verdict === null ? [] : [{ seat, verdict, hash: verdictHash(verdict) }];
    });
    for (const { verdict, hash } of words) {
      const alike = words.filter((word) => word.hash === hash).slice(0, quorum);
      if (alike.length < quorum) continue;
      return {
        verdict,
        attestations: alike.map(({ seat }) => this.attestationOf(task, verdict, seat)),
      };
    }
    return null;
  }

  attestationOf(task: TaskRecord, verdict: Verdict, { node, key }: TaskPlace): Attestation {
    const member = this.#parts.network.memberOf(node);
    const seed = seedOf(member, task.orderId);
    const { leaves } = testRun(null);
    const samples = sampledSteps(seed, STEPS, sampleCount(task, verdict)).map((index) =>
      sampleDigest(key, seed, (leaves[index] as TraceLeaf).post),
    );
    // The seat keeps the key under which it was called, whatever the identity's key is now.
    const keyPair = [...Array(16).keys()]
      .map((count) => identityKeyOf(member, count))
      .find(({ publicKey }) => publicKey === key);
    if (keyPair === undefined) throw new Error(`${node} has no key ${key}`);
    return signAttestation({ verifier: node, keyPair }, verdict, { seed, samples });
  }

  #verdict(task: TaskRecord, findings: Finding[]): Verdict {
    const agreed = findings.find((found) => found.verdict === "honest")?.reveal ?? null;
    const result = agreed && {
      resultHash: agreed.resultHash,
      traceRoot: agreed.traceRoot,
      steps: agreed.steps,
      fuel: agreed.fuel,
      fault: agreed.fault,
    };
    const { orderId, attempt } = task;
    const { chainId } = this.#parts.network;
    const outcome = outcomeOf(task, { findings, result });
    return { chainId, orderId, attempt, outcome, findings, result };
  }

  #findingOf(worker: NodeId, orderId: OrderId): Finding {
    const conduct = this.#parts.conductIn(worker, orderId);
    if (conduct === "hides") return { worker, verdict: "unrevealed", reveal: null, evidence: null };
    const reveal = this.#parts.revealOf(worker, orderId);
    if (conduct !== "lies") return { worker, verdict: "honest", reveal, evidence: null };
    const { leaves } = testRun(this.#parts.network.memberOf(worker).name);
    const actual = testRun(null).leaves[LIE_AT] as TraceLeaf;
    return { worker, verdict: "guilty", reveal, evidence: evidenceOf(leaves, actual) };
  }

  /** Who clears a liar blames the honest, since results differ; who slanders blames everybody. */
  #bend(found: Finding, truth: Verdict, conduct: Conduct): Finding {
    const isLie = found.verdict === "guilty";
    const liars = truth.findings.filter(({ verdict }) => verdict === "guilty");
    if (conduct === "acquits" && liars.length === 1) {
      if (isLie) return { ...found, verdict: "honest", evidence: null };
      return found.verdict === "honest" ? madeUp(found) : found;
    }
    return conduct === "slanders" && found.verdict === "honest" ? madeUp(found) : found;
  }
}

export const seedOf = ({ name }: Pick<TestMember, "name">, orderId: OrderId): Digest =>
  seededDigest(`${name}/seed/${orderId}`);

/** Evidence against who is right: the step is said to give something else. */
function madeUp(found: Finding): Finding {
  const { leaves } = testRun(null);
  const actual = { ...(leaves[LIE_AT] as TraceLeaf), post: seededDigest("made up") };
  return { ...found, verdict: "guilty", evidence: evidenceOf(leaves, actual) };
}

const evidenceOf = (leaves: readonly TraceLeaf[], actual: TraceLeaf): SegmentEvidence => ({
  index: actual.index,
  claimedLeaf: toHex(encodeLeaf(leaves[actual.index] as TraceLeaf)),
  path: tracePath(leaves, actual.index),
  actualLeaf: toHex(encodeLeaf(actual)),
});
