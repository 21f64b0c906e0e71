import type { NodeId, Points } from "@meshwork/foundation";
import {
  type ProofOfTask,
  sampleCount,
  sampleDigest,
  sampledSteps,
  seatedVerifiers,
  signAttestation,
  type TaskPlace,
  type TraceLeaf,
} from "@meshwork/protocol";
import { expect, test } from "vitest";
import { Actors, seededDigest, TestNetwork, testRun } from "../testing/index.ts";

/** What the first verifier earns by a proof that all four have signed, or only the quorum of three. */
function earnedWith(signers: 3 | 4): bigint | undefined {
  const network = new TestNetwork({ policy: { pricePerGigafuel: 100_000n as Points } });
  const actors = new Actors(network);
  const task = actors.until(
    actors.order({ priceCeiling: 15_000n as Points }),
    ({ phase }) => phase === "audit",
  );
  const proof = actors.proofOf(task) as ProofOfTask;
  const { verdict } = proof;
  const { node } = seatedVerifiers(task).at(-1) as TaskPlace;
  const { keyPair, name } = network.memberOf(node);
  const seed = seededDigest(`${name}/seed/${task.orderId}`);
  const { leaves } = testRun(null);
  const samples = sampledSteps(seed, 8, sampleCount(task, verdict)).map((index) =>
    sampleDigest(keyPair.publicKey, seed, (leaves[index] as TraceLeaf).post),
  );
  const fourth = signAttestation({ verifier: node, keyPair }, verdict, { seed, samples });
  const attestations = [...proof.attestations, fourth].slice(0, signers);
  network.send(network.requester, { kind: "prove", proof: { verdict, attestations } });
  network.step();
  expect(network.state.task(task.orderId)?.conclusion?.outcome).toBe("verified");
  const first = attestations[0]?.verifier as NodeId;
  return network.whys.find((why) => why.account === first && why.rule === "verification-paid")
    ?.delta;
}

test("who leaves a verifier's signature out of the proof earns nothing by it", () => {
  const withAll = earnedWith(4);
  expect(withAll).toBeGreaterThan(0n);
  expect(earnedWith(3)).toBeLessThanOrEqual(withAll ?? 0n);
});
