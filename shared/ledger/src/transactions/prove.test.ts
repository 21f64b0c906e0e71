import type { Digest } from "@meshwork/foundation";
import type { ProofOfTask } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { seededDigest, type TestMember } from "../testing/index.ts";
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

  test("is refused with an outcome that the findings do not make", () => {
    for (const outcome of ["accepted", "failed", "disputed", "inconclusive"] as const)
      expect(check({ ...good, verdict: { ...good.verdict, outcome } })).toBe("WRONG_OUTCOME");
  });

  test("is refused for a body that its signers have not signed", () => {
    const [first, ...rest] = good.attestations as [ProofOfTask["attestations"][number]];
    const samples = first.samples.map(() => seededDigest("copied") as Digest);
    expect(check({ ...good, attestations: [{ ...first, samples }, ...rest] })).toBe(
      "BAD_SIGNATURE",
    );
  });
});
