import type { Digest, OrderId } from "@meshwork/foundation";
import {
  type Finding,
  outcomeOf,
  proofQuorum,
  seatedVerifiers,
  type TaskRecord,
  type Verdict,
  type Work,
} from "@meshwork/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { Actors } from "../testing/actors.ts";
import { TestNetwork } from "../testing/network.ts";

let network: TestNetwork;
let actors: Actors;
beforeEach(() => {
  network = new TestNetwork({ members: 9 });
  actors = new Actors(network);
  network.step({ view: 1 });
});

const workOf = (nature: Work["nature"], comparison: Work["comparison"] = "tolerant"): Work => ({
  nature,
  comparison,
  needs: [],
});

/** An order of this kind, as far as to its verdict. */
function audited(work: Work, replicas = 2): TaskRecord {
  const policy = { replicas, verifiers: 4, segmentsPerVerifier: 3, auditRate: 65_536 };
  const orderId = actors.order({ work, policy });
  return actors.until(orderId, ({ phase }) => phase === "audit");
}

/** What all verifiers sign of it, and how the ledger ends it; or the code of its refusal. */
function ended(task: TaskRecord, change: (verdict: Verdict) => Partial<Verdict> = () => ({})) {
  const usual = actors.verdictOf(task);
  const changed = { ...usual, ...change(usual) };
  const verdict = { ...changed, outcome: outcomeOf(task, changed) };
  const seats = seatedVerifiers(task).slice(0, proofQuorum(task.order.policy.verifiers));
  const attestations = seats.map((seat) => actors.attestationOf(task, verdict, seat));
  const body = { kind: "prove" as const, proof: { verdict, attestations } };
  const refusal = network.refused(network.requester, body);
  if (refusal !== undefined) return refusal;
  network.send(network.requester, body);
  network.step();
  return network.state.task(task.orderId)?.conclusion?.outcome;
}

const second = (findings: Finding[], change: (found: Finding) => Finding): Finding[] =>
  findings.map((found, i) => (i === 1 ? change(found) : found));

const otherOutput = (found: Finding): Finding => ({
  ...found,
  reveal: found.reveal && { ...found.reveal, resultHash: "0e".repeat(32) as Digest },
});

const whysOf = (orderId: OrderId, rule: string) => {
  const proof = network.state.task(orderId)?.conclusion?.proofHash;
  return network.whys.filter((why) => why.rule === rule && why.evidence === proof);
};

describe("work that is not deterministic", () => {
  test.each([
    ["record-replay", "recorded"],
    ["quorum-similarity", "similar"],
    ["judged", "judged"],
    ["attested", "attested"],
  ] as const)(
    "of nature %s ends %s, is not audited, and earns points but no standing",
    (nature, label) => {
      const task = audited(workOf(nature));
      expect(task.audit).toMatchObject({ mode: "none", rate: 0 });
      expect(ended(task)).toBe(label);
      expect(whysOf(task.orderId, "work-paid")).toHaveLength(2);
      for (const rule of ["clean-verdict", "work-contributed", "verification-contributed"])
        expect(whysOf(task.orderId, rule)).toEqual([]);
      // What was earned before is not freed by what nobody can verify.
      expect(whysOf(task.orderId, "vested").every(({ delta }) => delta === 0n)).toBe(true);
    },
  );

  test("pays and blames nobody whose output is not like the others'", () => {
    const task = audited(workOf("judged"));
    const isUnlike = (found: Finding): Finding => ({ ...found, verdict: "unlike" });
    expect(ended(task, ({ findings }) => ({ findings: second(findings, isUnlike) }))).toBe(
      "judged",
    );
    const loser = task.workers[1]?.node;
    expect(whysOf(task.orderId, "work-paid").map(({ account }) => account)).toEqual([
      task.workers[0]?.node,
    ]);
    const losses = network.whys.filter(({ account, delta }) => account === loser && delta < 0n);
    expect(losses.filter(({ rule }) => !["bond-staked", "bond-returned"].includes(rule))).toEqual(
      [],
    );
  });

  test("convicts nobody where nothing is executed again, and shows no fault as a result", () => {
    const similar = audited(workOf("quorum-similarity"));
    const guilty = (found: Finding): Finding => ({
      ...found,
      verdict: "guilty",
      evidence: { index: 0, claimedLeaf: "00".repeat(120), path: [], actualLeaf: "01".repeat(120) },
    });
    expect(ended(similar, ({ findings }) => ({ findings: second(findings, guilty) }))).toBe(
      "BAD_EVIDENCE",
    );
    actors.fault = "TRAP";
    expect(ended(audited(workOf("attested")))).toBe("RESULTS_DIFFER");
    expect(ended(audited(workOf("record-replay")))).toBe("failed");
  });

  test("is similar to nothing when only one run is left, and must be ordered twice", () => {
    const task = audited(workOf("quorum-similarity"));
    const isUnlike = (found: Finding): Finding => ({ ...found, verdict: "unlike" });
    expect(ended(task, ({ findings }) => ({ findings: second(findings, isUnlike) }))).toBe(
      "RESULTS_DIFFER",
    );
    const policy = { replicas: 1, verifiers: 4, segmentsPerVerifier: 1, auditRate: 0 };
    const { order } = task;
    const alone = { kind: "submit" as const, order: { ...order, policy } };
    expect(network.refused(network.requester, alone)).toBe("NOTHING_TO_COMPARE");
  });
});

describe("outputs that differ", () => {
  const change = ({ findings }: Verdict) => ({ findings: second(findings, otherOutput) });

  test("are one result only where the order says that they need not be equal", () => {
    // Their reveals are not what was committed to: that is found first where nothing else is wrong.
    expect(ended(audited(workOf("deterministic", "exact")), change)).toBe("WRONG_REVEAL");
  });

  test("of deterministic work are audited in full, or not at all: a step that differs proves nothing", () => {
    const task = audited(workOf("deterministic"));
    expect(task.audit?.mode).toBe("full");
    expect(ended(task)).toBe("verified");
  });

  test("of deterministic work are right or wrong, never unlike", () => {
    const isUnlike = (found: Finding): Finding => ({ ...found, verdict: "unlike" });
    const task = audited(workOf("deterministic"));
    expect(ended(task, ({ findings }) => ({ findings: second(findings, isUnlike) }))).toBe(
      "BAD_EVIDENCE",
    );
  });
});

test("only nodes that offer what the work needs are drawn for it", () => {
  const orderId = actors.order({ work: { ...workOf("attested"), needs: ["model"] } });
  // Nobody offers a model here.
  expect(actors.finish(orderId)).toMatchObject({
    ranks: [],
    conclusion: { outcome: "inconclusive" },
  });
});
