import { type Digest, type Fuel, type NodeId, toHex } from "@meshwork/foundation";
import {
  type Attestation,
  encodeLeaf,
  type Finding,
  type ProofOfTask,
  type Reveal,
  type SegmentEvidence,
  seedCommitmentOf,
  signAttestation,
  type TaskPlace,
  type TraceLeaf,
  tracePath,
  type Verdict,
} from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { seededDigest, type TestMember, testRun } from "../testing/index.ts";
import { taskIn } from "../testing/task-in.ts";

describe("prove", () => {
  const { network, actors, task } = taskIn("audit");
  const good = actors.proofOf(task) as ProofOfTask;
  const check = (proof: ProofOfTask) =>
    network.refused(network.requester, { kind: "prove", proof });

  test("takes the quorum's proof, whoever brings it", () => {
    expect(check(good)).toBeUndefined();
    const anybody = network.members[0] as TestMember;
    expect(network.refused(anybody, { kind: "prove", proof: good })).toBeUndefined();
  });

  test("is refused from a verifier who copied another's commitment, and then his seed", () => {
    const { network: other, actors: players, task: open } = taskIn("running");
    const [first, copier] = open.verifiers as [TaskPlace, TaskPlace];
    const commitments = new Map<NodeId, Digest>();
    const { orderId, attempt } = open;
    for (const { node } of open.verifiers) {
      const verifier = node === copier.node ? first.node : node;
      const about = { chainId: other.chainId, orderId, attempt, verifier };
      const seed = seededDigest(`${other.memberOf(verifier).name}/seed/${orderId}`);
      commitments.set(node, seedCommitmentOf(about, seed));
    }
    for (const [node, seedCommitment] of commitments)
      other.send(other.memberOf(node), {
        kind: "accept",
        role: "verifier",
        seedCommitment,
        orderId,
        attempt,
      });
    other.step();
    const audited = players.until(orderId, ({ phase }) => phase === "audit");
    const proof = players.proofOf(audited) as ProofOfTask;
    const [honest] = proof.attestations as [Attestation];
    const key = other.memberOf(copier.node).keyPair;
    const copied = signAttestation({ verifier: copier.node, keyPair: key }, proof.verdict, honest);
    const attestations = proof.attestations.map((one) =>
      one.verifier === copier.node ? { ...copied, verifier: copier.node } : one,
    );
    expect(
      other.refused(other.requester, { kind: "prove", proof: { ...proof, attestations } }),
    ).toBe("WRONG_SEED");
  });

  test("is refused before the close, before the audit is drawn, and after the end", () => {
    for (const phase of ["running", "closed", "done"] as const) {
      const other = taskIn(phase);
      const { orderId, attempt } = other.task;
      const proof = { ...good, verdict: { ...good.verdict, orderId, attempt } };
      expect(other.network.refused(other.network.requester, { kind: "prove", proof })).toBe(
        "WRONG_PHASE",
      );
    }
  });

  /** The verdict changed, and signed by the same verifiers. */
  const signed = (change: Partial<Verdict>, showing = (samples: Digest[]) => samples) =>
    ({
      verdict: { ...good.verdict, ...change },
      attestations: good.attestations.map(({ verifier, seed, samples }) => {
        const { keyPair } = network.memberOf(verifier);
        const verdict = { ...good.verdict, ...change };
        return signAttestation({ verifier, keyPair }, verdict, { seed, samples: showing(samples) });
      }),
    }) satisfies ProofOfTask;
  const withFirst = (change: Partial<Attestation>) => {
    const [first, ...rest] = good.attestations as [Attestation];
    return { ...good, attestations: [{ ...first, ...change }, ...rest] };
  };
  const finding = (change: Partial<Finding>): Partial<Verdict> => {
    const [first, ...rest] = good.verdict.findings as [Finding];
    return { findings: [{ ...first, ...change }, ...rest] };
  };
  const [found, other] = good.verdict.findings as [Finding, Finding];
  const reveal = found.reveal as Reveal;
  const result = good.verdict.result as NonNullable<Verdict["result"]>;

  test("is refused with an outcome that the findings do not make, whoever signs it", () => {
    for (const outcome of ["accepted", "failed", "disputed", "inconclusive"] as const)
      expect(check(signed({ outcome }))).toBe("WRONG_OUTCOME");
  });

  test("is refused about another network or attempt", () => {
    expect(check(signed({ chainId: seededDigest("x") as never }))).toBe("WRONG_TASK");
    expect(check(signed({ attempt: 1 }))).toBe("WRONG_ATTEMPT");
  });

  describe("is refused for its signers", () => {
    test("who are fewer than a quorum", () => {
      const attestations = good.attestations.slice(1);
      expect(check({ ...good, attestations })).toBe("TOO_FEW_SIGNERS");
    });
    test("one of whom is counted twice", () => {
      const attestations = [...good.attestations.slice(1), ...good.attestations.slice(1, 2)];
      expect(check({ ...good, attestations })).toBe("DOUBLE_SIGNER");
    });
    test("one of whom is no verifier of this task", () => {
      expect(check(withFirst({ verifier: found.worker }))).toBe("NOT_A_VERIFIER");
    });
    test("one of whom shows another seed than he committed to", () => {
      expect(check(withFirst({ seed: seededDigest("another") }))).toBe("WRONG_SEED");
    });
    test("who show more or fewer samples than were asked for", () => {
      const more = (samples: Digest[]) => [...samples, seededDigest("x")];
      expect(check(signed({}, more))).toBe("WRONG_SAMPLE_COUNT");
      expect(check(signed({}, (samples) => samples.slice(1)))).toBe("WRONG_SAMPLE_COUNT");
    });
    test("one of whom signed another body, or other samples", () => {
      const copied = good.attestations[0]?.samples.map(() => seededDigest("copied")) ?? [];
      expect(check(withFirst({ samples: copied }))).toBe("BAD_SIGNATURE");
      const [, second] = good.attestations as [Attestation, Attestation];
      expect(check(withFirst({ signature: second.signature }))).toBe("BAD_SIGNATURE");
    });
  });

  describe("is refused for its findings, though a quorum signed them", () => {
    test("that leave a committed worker out, or name one who is none", () => {
      expect(check(signed({ findings: [found] }))).toBe("WRONG_CLOSED_SET");
      expect(check(signed({ findings: [other, found] }))).toBe("WRONG_CLOSED_SET");
      const stranger = network.requester.nodeId;
      expect(check(signed(finding({ worker: stranger })))).toBe("WRONG_CLOSED_SET");
    });
    test("with a reveal that does not open the commitment", () => {
      const forged = { ...reveal, salt: seededDigest("salt") };
      expect(check(signed(finding({ reveal: forged })))).toBe("WRONG_REVEAL");
      expect(check(signed(finding({ reveal: null })))).toBe("WRONG_REVEAL");
      expect(check(signed(finding({ verdict: "unrevealed" })))).toBe("WRONG_REVEAL");
    });
    test("with a commitment and a reveal that were copied from another worker", () => {
      const own = network.state;
      const [first, second] = task.workers as [TaskPlace, TaskPlace];
      const copier = { ...second, commitment: first.commitment };
      network.state = own.with("task", { ...task, workers: [first, copier] });
      const findings = [found, { ...other, reveal: found.reveal }];
      expect(check(signed({ findings }))).toBe("WRONG_REVEAL");
      network.state = own;
    });
    test("with another result than the honest workers committed to", () => {
      const resultHash = seededDigest("better");
      expect(check(signed({ result: { ...result, resultHash } }))).toBe("RESULTS_DIFFER");
      expect(check(signed({ result: { ...result, fuel: 1n as Fuel } }))).toBe("RESULTS_DIFFER");
      expect(check(signed({ result: null }))).toBe("RESULTS_DIFFER");
    });
    test("with a result though nobody was found honest", () => {
      const hidden = (worker: NodeId): Finding => ({
        worker,
        verdict: "unrevealed",
        reveal: null,
        evidence: null,
      });
      const findings = [hidden(found.worker), hidden(other.worker)];
      expect(check(signed({ findings }))).toBe("RESULTS_DIFFER");
      expect(check(signed({ findings, result: null, outcome: "inconclusive" }, () => []))).toBe(
        undefined,
      );
    });
  });

  describe("never finds a worker guilty without evidence that anyone can follow", () => {
    const { leaves } = testRun(null);
    const leafAt = (index: number) => encodeLeaf(leaves[index] as TraceLeaf);
    const evidence = (change: Partial<SegmentEvidence> = {}): SegmentEvidence => ({
      index: 3,
      claimedLeaf: toHex(leafAt(3)),
      path: tracePath(leaves, 3),
      actualLeaf: toHex(encodeLeaf({ ...(leaves[3] as TraceLeaf), post: seededDigest("x") })),
      ...change,
    });
    const convicting = (shown: SegmentEvidence | null) =>
      check(signed(finding({ verdict: "guilty", evidence: shown })));

    test("none at all, or against somebody who is called honest", () => {
      expect(convicting(null)).toBe("BAD_EVIDENCE");
      expect(check(signed(finding({ evidence: evidence() })))).toBe("BAD_EVIDENCE");
    });
    test("a leaf that is not under the worker's own trace root", () => {
      const forged = encodeLeaf({ ...(leaves[3] as TraceLeaf), post: seededDigest("framed") });
      expect(convicting(evidence({ claimedLeaf: toHex(forged) }))).toBe("BAD_EVIDENCE");
      expect(convicting(evidence({ path: tracePath(leaves, 4) }))).toBe("BAD_EVIDENCE");
      expect(convicting(evidence({ path: [] }))).toBe("BAD_EVIDENCE");
    });
    test("a leaf of one step held against another step", () => {
      expect(convicting(evidence({ index: 4 }))).toBe("BAD_EVIDENCE");
      expect(convicting(evidence({ actualLeaf: toHex(leafAt(4)) }))).toBe("BAD_EVIDENCE");
    });
    test("a leaf that says what the worker said", () => {
      expect(convicting(evidence({ actualLeaf: toHex(leafAt(3)) }))).toBe("BAD_EVIDENCE");
    });
    test("but such evidence convicts", () => {
      expect(convicting(evidence())).toBeUndefined();
    });
  });
});
