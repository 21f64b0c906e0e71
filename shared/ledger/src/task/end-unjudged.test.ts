import type { NodeId } from "@meshwork/foundation";
import { seatedVerifiers, type TaskPlace } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { ONE } from "../reputation.ts";
import { Actors, type Conduct, TestNetwork } from "../testing/index.ts";

/** A run costs 8 points here, half of which a worker gets who showed his result in vain. */
const PART = 4n;

/** A task whose verifiers are told how to play when the verdict is due. */
function starved({ verifiers, workers = [] }: { verifiers: Conduct[]; workers?: Conduct[] }) {
  const network = new TestNetwork({ members: 8 });
  const actors = new Actors(network);
  const drawn = actors.until(actors.order(), ({ phase }) => phase === "running");
  const play = (places: readonly TaskPlace[], conducts: readonly Conduct[]) => {
    for (const [i, conduct] of conducts.entries())
      actors.conduct.set(places[i]?.node as NodeId, conduct);
  };
  play(drawn.workers, workers);
  play(drawn.verifiers, verifiers);
  const task = actors.finish(drawn.orderId);
  const accountOf = (place: TaskPlace | undefined) => network.state.account(place?.node as NodeId);
  return {
    network,
    task,
    accountOf,
    nodeOf: (place: TaskPlace | undefined) => network.state.node(place?.node as NodeId),
  };
}

const allSilent: Conduct[] = ["vanishes", "vanishes", "vanishes", "vanishes"];

describe("a verdict that is starved", () => {
  test("does not give the requester the work for nothing: who showed his result is paid a part", () => {
    const { task, accountOf } = starved({ verifiers: allSilent });
    expect(task.conclusion).toMatchObject({
      outcome: "inconclusive",
      proofHash: null,
      paid: 2n * PART,
      refunded: 10_000n - 2n * PART,
    });
    for (const worker of task.workers)
      expect(accountOf(worker)).toMatchObject({ points: 10_000n, bonded: 0n, vesting: PART });
  });

  test("costs the silent verifiers their bonds and their availability, and nobody his name", () => {
    const { network, task, accountOf, nodeOf } = starved({ verifiers: allSilent });
    for (const seat of task.verifiers) {
      expect(accountOf(seat)).toMatchObject({ points: 9_900n, bonded: 0n });
      expect(nodeOf(seat)).toMatchObject({ failures: 0, clean: 20 });
      expect(nodeOf(seat)?.availability).toBe((ONE * 7) / 8);
    }
    expect(network.whys.filter(({ rule }) => rule === "no-verdict")).toHaveLength(4);
  });

  test("costs nothing who laid his word on the ledger while the others were silent", () => {
    const { task, accountOf } = starved({ verifiers: ["vanishes", "vanishes"] });
    const [silent, , ...others] = task.verifiers;
    expect(accountOf(silent)).toMatchObject({ points: 9_900n });
    for (const seat of others) {
      expect(seat.state).toBe("attested");
      expect(accountOf(seat)).toMatchObject({ points: 10_000n, bonded: 0n });
    }
  });

  test("pays no worker who showed nothing, though it takes nothing from him either", () => {
    const { task, accountOf } = starved({ verifiers: allSilent, workers: ["hides"] });
    expect(accountOf(task.workers[0])).toMatchObject({ points: 10_000n, bonded: 0n, vesting: 0n });
    expect(accountOf(task.workers[1])?.vesting).toBe(PART);
  });

  test("pays nobody where workers contradict each other and no verifier has spoken", () => {
    const { task } = starved({ verifiers: allSilent, workers: ["lies"] });
    expect(task.conclusion).toMatchObject({ paid: 0n, refunded: 10_000n });
  });
});

describe("show and attest", () => {
  const network = new TestNetwork({ members: 8 });
  const actors = new Actors(network);
  const task = actors.until(actors.order(), ({ phase }) => phase === "audit");
  const { orderId, attempt } = task;
  const [worker, other] = task.workers.map(({ node }) => network.memberOf(node));
  const verdict = actors.verdictOf(task);
  const [seat, second] = seatedVerifiers(task) as [TaskPlace, TaskPlace];
  const word = (place: TaskPlace) => ({
    kind: "attest" as const,
    verdict,
    attestation: actors.attestationOf(task, verdict, place),
  });
  if (!worker || !other) throw new Error("two workers were drawn");
  const reveal = actors.revealOf(worker.nodeId, orderId);
  const show = { kind: "show" as const, orderId, attempt, reveal };

  test("take from a worker only what he committed to, and from him alone", () => {
    expect(network.refused(other, show)).toBe("WRONG_REVEAL");
    expect(network.refused(network.requester, show)).toBe("NOT_ACCEPTED");
    const more = { ...show, reveal: { ...reveal, fuel: 9n as never } };
    expect(network.refused(worker, more)).toBe("WRONG_REVEAL");
    network.send(worker, show);
    network.step();
    expect(network.refused(worker, show)).toBe("SAID_ALREADY");
  });

  test("take from a verifier only a verdict that the record allows, with his own seed", () => {
    const member = network.memberOf(seat.node);
    expect(network.refused(network.memberOf(second.node), word(seat))).toBe("NOT_A_VERIFIER");
    expect(network.refused(worker, word(seat))).toBe("NOT_A_VERIFIER");
    const wrong = { ...word(seat), verdict: { ...verdict, outcome: "accepted" as const } };
    expect(network.refused(member, wrong)).toBe("WRONG_OUTCOME");
    network.send(member, word(seat));
    network.step();
    expect(network.refused(member, word(seat))).toBe("SAID_ALREADY");
  });

  test("change nothing when the proof comes after all", () => {
    const done = actors.finish(orderId);
    expect(done.conclusion?.outcome).toBe("verified");
    for (const place of [...done.workers, ...done.verifiers])
      expect(network.state.account(place.node)?.bonded).toBe(0n);
  });
});

test("to lay a result on the ledger does not save who withholds its output: a quorum may say so", () => {
  const network = new TestNetwork({ members: 8 });
  const actors = new Actors(network);
  const id = actors.order({
    policy: { replicas: 1, verifiers: 1, segmentsPerVerifier: 1, auditRate: ONE },
  });
  const task = actors.until(id, ({ phase }) => phase === "audit");
  const worker = network.memberOf(task.workers[0]?.node as NodeId);
  const reveal = actors.revealOf(worker.nodeId, id);
  network.send(worker, { kind: "show", orderId: id, attempt: 0, reveal });
  network.step();
  expect(network.state.task(id)?.workers[0]?.shown).not.toBeNull();
  actors.conduct.set(worker.nodeId, "hides");
  actors.finish(id);
  expect(network.state.account(worker.nodeId)).toMatchObject({ points: 9_900n, bonded: 0n });
});
