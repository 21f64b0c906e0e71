import type { Fuel, NodeId } from "@meshwork/foundation";
import {
  checkProof,
  type Finding,
  falseWords,
  judgesOf,
  sittingPanel,
  type TaskPlace,
} from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { assertConserved } from "../conservation.ts";
import { priceOfRun, rerunOf } from "../escrow.ts";
import { ONE } from "../reputation.ts";
import { Actors, type Conduct, TestNetwork } from "../testing/index.ts";
import { priceOfPanel } from "./pay-panel.ts";

interface Play {
  workers?: Conduct[];
  verifiers?: Conduct[];
  panel?: Conduct[];
}

/** A task of two workers and four verifiers, who play as told, in a network of so many. */
function play({ workers = [], verifiers = [], panel = [] }: Play, members = 16) {
  const network = new TestNetwork({ members, policy: { auditFloor: ONE } });
  const actors = new Actors(network);
  const tell = (places: readonly TaskPlace[], conducts: readonly Conduct[]) => {
    for (const [i, conduct] of conducts.entries())
      actors.conduct.set(places[i]?.node as NodeId, conduct);
  };
  const drawn = actors.until(actors.order(), ({ phase }) => phase === "running");
  tell(drawn.workers, workers);
  tell(drawn.verifiers, verifiers);
  const { orderId } = drawn;
  const before = actors.until(orderId, ({ phase }) => phase === "panel" || phase === "done");
  if (before.phase === "panel") {
    const called = actors.until(
      orderId,
      (task) => task.phase === "done" || (sittingPanel(task)?.drawHeight ?? null) !== null,
    );
    tell(sittingPanel(called)?.seats ?? [], panel);
  }
  const task = actors.finish(orderId);
  assertConserved(network.state);
  const holder = (place: TaskPlace | undefined) => network.state.account(place?.node as NodeId);
  const nodeOf = (place: TaskPlace | undefined) => network.state.node(place?.node as NodeId);
  return { network, actors, task, panel: task.panels[0], holder, nodeOf };
}

const halfAcquit: Conduct[] = ["acquits", "acquits"];

describe("verifiers who disagree", () => {
  const { network, task, panel, holder, nodeOf } = play({
    workers: ["lies"],
    verifiers: halfAcquit,
  });

  test("bring the task before a panel as soon as no quorum is possible any more", () => {
    expect(panel).toMatchObject({ cause: "disagreement", size: 9 });
    expect(panel?.drawHeight).toBeGreaterThanOrEqual((panel?.fixedHeight ?? 0) + 2);
  });

  test("are judged by nodes that had no part in the task", () => {
    const involved = [...task.workers, ...task.verifiers].map(({ node }) => node);
    expect(panel?.seats).toHaveLength(9);
    for (const { node } of panel?.seats ?? []) expect(involved).not.toContain(node);
  });

  test("end with the panel's verdict: the honest worker is paid, the liar convicted", () => {
    expect(task.conclusion).toMatchObject({ outcome: "verified", panel: 0, segmentsSampled: 8 });
    expect(holder(task.workers[0])).toMatchObject({ points: 9_900n, bonded: 0n });
    expect(nodeOf(task.workers[0])?.suspensions).toBe(1);
    expect(holder(task.workers[1])?.vesting).toBeGreaterThan(0n);
  });

  test("lose bond and name where they swore to what is false, and nothing where they were right", () => {
    for (const place of task.verifiers.slice(0, 2)) {
      expect(holder(place)).toMatchObject({ points: 9_900n, bonded: 0n });
      expect(nodeOf(place)?.failures).toBe(10 * ONE);
    }
    for (const place of task.verifiers.slice(2)) {
      expect(holder(place)).toMatchObject({ points: 10_000n, bonded: 0n });
      expect(holder(place)?.vesting).toBeGreaterThan(0n);
    }
    expect(network.whys.filter(({ rule }) => rule === "false-verdict")).toHaveLength(4);
  });

  test("cost the order a run for each who signed the panel's verdict, of which a share is burnt", () => {
    const paid = network.whys.filter(({ rule, of }) => rule === "panel-paid" && of === "vesting");
    expect(paid.map(({ delta }) => delta)).toEqual(Array(7).fill(7n));
    const { conclusion } = task;
    expect(conclusion?.burnt).toBeGreaterThanOrEqual(7n);
    const { paid: spent = 0n, burnt = 0n, refunded = 0n } = conclusion ?? {};
    expect(spent + burnt + refunded).toBe(10_000n);
  });

  test("leave nobody bound", () => {
    for (const { nodeId } of network.members) {
      expect(network.state.account(nodeId)?.bonded).toBe(0n);
      expect(network.state.node(nodeId)?.assigned).toBe(0);
    }
  });
});

describe("a panel", () => {
  test("clears a worker whom verifiers slandered, and they pay for it", () => {
    const { task, holder, nodeOf } = play({ verifiers: ["slanders", "slanders"] });
    expect(task.conclusion).toMatchObject({ outcome: "verified", panel: 0, penalties: [] });
    for (const place of task.workers) expect(nodeOf(place)?.failures).toBe(0);
    for (const place of task.verifiers.slice(0, 2))
      expect(holder(place)).toMatchObject({ points: 9_900n });
  });

  test("judges where verifiers were silent; their silence has cost them what it always does", () => {
    const { task, panel, holder, nodeOf } = play({ verifiers: ["vanishes", "vanishes"] });
    expect(panel?.cause).toBe("silence");
    expect(task.conclusion).toMatchObject({ outcome: "verified", panel: 0 });
    for (const place of task.verifiers.slice(0, 2)) {
      expect(holder(place)).toMatchObject({ points: 9_900n });
      expect(nodeOf(place)).toMatchObject({ failures: 0, availability: (ONE * 7) / 8 });
    }
  });

  test("replaces members who decline or do not answer", () => {
    // Ten can be had for nine seats.
    const { task, panel } = play({
      workers: ["lies"],
      verifiers: halfAcquit,
      panel: ["declines", "silent"],
    });
    expect(panel?.seats.map(({ state }) => state)).toEqual(
      expect.arrayContaining(["declined", "missed"]),
    );
    expect(panel?.seats.filter(({ state }) => state === "accepted")).toHaveLength(8);
    expect(task.conclusion).toMatchObject({ outcome: "verified", panel: 0 });
  });

  test("of two convicts by a step that both ran again, and hurts nobody for what they did not see", () => {
    const { task, panel, nodeOf, holder } = play(
      { workers: ["lies", "hides"], verifiers: ["acquits", "acquits"] },
      8,
    );
    expect(panel?.seats).toHaveLength(2);
    expect(task.conclusion).toMatchObject({ outcome: "disputed", panel: 0 });
    expect(nodeOf(task.workers[0])?.suspensions).toBe(1);
    expect(holder(task.workers[1])).toMatchObject({ points: 10_000n, bonded: 0n });
  });

  test("of two is not called where nobody is accused: it could say nothing", () => {
    const { task, panel } = play({ verifiers: ["vanishes", "vanishes"] }, 8);
    expect(panel?.seats).toEqual([]);
    expect(task.conclusion).toMatchObject({ outcome: "inconclusive", panel: null });
  });

  test("that comes to nothing ends the task as if there had been none; who was silent pays", () => {
    const { task, panel, holder } = play({
      workers: ["lies"],
      verifiers: halfAcquit,
      panel: Array(9).fill("vanishes"),
    });
    expect(task.conclusion).toMatchObject({ outcome: "inconclusive", panel: null });
    for (const seat of panel?.seats ?? []) expect(holder(seat)).toMatchObject({ points: 9_900n });
    for (const place of task.verifiers) expect(holder(place)).toMatchObject({ points: 10_000n });
  });
});

describe("a panel's proof", () => {
  const network = new TestNetwork({ members: 16, policy: { auditFloor: ONE } });
  const actors = new Actors(network);
  const drawn = actors.until(actors.order(), ({ phase }) => phase === "running");
  actors.conduct.set(drawn.workers[0]?.node as NodeId, "lies");
  for (const { node } of drawn.verifiers.slice(0, 2)) actors.conduct.set(node, "acquits");
  const task = actors.until(drawn.orderId, (now) => sittingPanel(now)?.verdictDeadline != null);
  const { chainId } = network;
  const proof = actors.proofOf(task);
  if (proof === null) throw new Error("the panel is honest");

  test("holds with two thirds of its seats and one, and not with fewer", () => {
    expect(judgesOf(task)).toMatchObject({ quorum: 7, isPanel: true, isSmall: false });
    expect(checkProof({ chainId, task }, proof)).toBeNull();
    const fewer = { ...proof, attestations: proof.attestations.slice(1) };
    expect(checkProof({ chainId, task }, fewer)?.code).toBe("TOO_FEW_SIGNERS");
  });

  test("is paid no more than the order's fuel, whatever a lone liar claims to have used", () => {
    const { policy } = network.state;
    const [liar] = proof.verdict.findings;
    const reveal = liar?.reveal && { ...liar.reveal, fuel: (2n ** 60n) as Fuel };
    const verdict = { ...proof.verdict, result: null, findings: [{ ...liar, reveal } as Finding] };
    const { total } = priceOfPanel(policy, task, { ...proof, verdict });
    expect(total).toBe(7n * priceOfRun(policy, task.order.maxFuel));
  });

  test("pays verifiers for no run that no audit had them do", () => {
    const unaudited = { ...task, audit: { height: 1, mode: "none" as const, rate: 0 } };
    expect(rerunOf(unaudited, proof.verdict)).toBe(0);
    expect(rerunOf(task, proof.verdict)).toBe(ONE);
  });

  test("is not signed by those whom it judges", () => {
    const [first, ...others] = proof.attestations;
    const verifier = task.verifiers[3] as TaskPlace;
    const own = actors.attestationOf(task, proof.verdict, verifier);
    expect(first).toBeDefined();
    const mixed = { ...proof, attestations: [own, ...others] };
    expect(checkProof({ chainId, task }, mixed)?.code).toBe("NOT_A_VERIFIER");
  });

  test("refutes who cleared the liar, and nobody who said what is right", () => {
    const { verdict } = proof;
    const acquitting = task.verifiers.slice(0, 2).map(({ node }) => node);
    expect(falseWords(task, verdict)).toEqual(acquitting);
    expect(falseWords({ ...task, audit: null }, verdict)).toEqual(acquitting);
  });

  test("refutes nobody by a step that he need not have run, or could not from where the worker stood", () => {
    // They cleared the liar, and slandered nobody.
    const cleared = { ...task, workers: task.workers.slice(0, 1) };
    const findings = proof.verdict.findings.slice(0, 1);
    expect(falseWords(cleared, { findings })).toHaveLength(2);
    expect(falseWords({ ...cleared, audit: null }, { findings })).toEqual([]);
    const bent = findings.map((found) => {
      const { actualLeaf = "" } = found.evidence ?? {};
      const elsewhere = `${actualLeaf.slice(0, 16)}${"0".repeat(64)}${actualLeaf.slice(80)}`;
      return { ...found, evidence: found.evidence && { ...found.evidence, actualLeaf: elsewhere } };
    });
    expect(falseWords(cleared, { findings: bent })).toEqual([]);
  });

  test("refutes by samples only who has drawn the very step", () => {
    const cleared = { ...task, workers: task.workers.slice(0, 1) };
    const audit = { height: 1, mode: "segments" as const, rate: ONE };
    const plan = (segmentsPerVerifier: number) => ({
      ...cleared,
      audit,
      order: { ...task.order, policy: { ...task.order.policy, segmentsPerVerifier } },
    });
    const findings = proof.verdict.findings.slice(0, 1);
    // Of eight steps, all or nearly none.
    expect(falseWords(plan(8), { findings })).toHaveLength(2);
    expect(falseWords(plan(1), { findings }).length).toBeLessThan(2);
  });
});
