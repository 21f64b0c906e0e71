import type { NodeId } from "@meshwork/foundation";
import { isLive, type TaskRecord } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { ONE } from "../reputation.ts";
import { Actors, type Conduct, TestNetwork, type TestNetworkOptions } from "../testing/index.ts";

function start(options: TestNetworkOptions = {}) {
  const network = new TestNetwork(options);
  const actors = new Actors(network);
  return { network, actors };
}

/** Orders a task, and lets the nodes that were drawn for these places play as told. */
function play(
  conducts: { workers?: Conduct[]; verifiers?: Conduct[] },
  options: TestNetworkOptions = {},
) {
  const { network, actors } = start(options);
  const before = network.state;
  const orderId = actors.order();
  const drawn = actors.until(orderId, (task) => task.phase === "running");
  for (const [i, conduct] of (conducts.workers ?? []).entries())
    actors.conduct.set(drawn.workers[i]?.node as NodeId, conduct);
  for (const [i, conduct] of (conducts.verifiers ?? []).entries())
    actors.conduct.set(drawn.verifiers[i]?.node as NodeId, conduct);
  const task = actors.finish(orderId);
  return { network, actors, before, drawn, task };
}

const outcomeOf = (task: TaskRecord) => task.conclusion?.outcome;
const purses = (network: TestNetwork, id: NodeId) => {
  const { points, bonded, vesting } = network.state.account(id) ?? {};
  return { points, bonded, vesting };
};

describe("a task that all do honestly", () => {
  const { network, before, drawn, task } = play({});

  test("ends verified, with the result that its workers committed to", () => {
    expect(outcomeOf(task)).toBe("verified");
    expect(task.conclusion?.proofHash).not.toBeNull();
    expect(task.conclusion?.result?.steps).toBe(8);
  });

  test("is drawn, and its audit too, only after two of the four seats have proposed", () => {
    expect(task.drawHeight).toBe(task.submitted.height + 2);
    expect(task.audit?.height).toBe((task.closeHeight ?? 0) + 2);
  });

  test("pays workers and verifiers, burns its share, and gives the rest back", () => {
    const { paid, burnt, refunded } = task.conclusion ?? {};
    // Eight points a run: two runs, and what three signers ran again, all of it or three steps of eight.
    const spent = task.audit?.mode === "full" ? 41n : 26n;
    expect(burnt).toBeGreaterThan(0n);
    expect((paid ?? 0n) + (burnt ?? 0n)).toBe(spent);
    expect(refunded).toBe(10_000n - spent);
    const requester = network.state.account(network.requester.nodeId);
    expect(requester?.points).toBe(1_000_000n - 5n - spent);
  });

  test("leaves nobody bound: bonds are back and all are free for others", () => {
    for (const { nodeId } of network.members) {
      expect(network.state.account(nodeId)?.bonded).toBe(0n);
      expect(network.state.node(nodeId)?.assigned).toBe(0);
    }
  });

  test("gives its workers a clean verdict, and its verifiers none", () => {
    for (const { node } of drawn.workers) expect(network.state.node(node)?.clean).toBe(21);
    for (const { node } of drawn.verifiers) expect(network.state.node(node)?.clean).toBe(20);
  });

  test("explains every change of points and reputation", () => {
    for (const { nodeId } of [...network.members, network.requester]) {
      const was = before.account(nodeId);
      const is = network.state.account(nodeId);
      for (const purse of ["points", "bonded", "vesting"] as const) {
        const explained = network.whys
          .filter((why) => why.account === nodeId && why.of === purse)
          .reduce((sum, why) => sum + why.delta, 0n);
        expect((is?.[purse] ?? 0n) - (was?.[purse] ?? 0n)).toBe(explained);
      }
    }
    expect(network.whys.filter((why) => why.of === "reputation")).toHaveLength(2);
  });
});

describe("a place that is lost passes to the next rank", () => {
  test("when its node declines: at once, and free of charge", () => {
    const { network, drawn, task } = play({ workers: ["declines"], verifiers: ["declines"] });
    expect(outcomeOf(task)).toBe("verified");
    for (const place of [drawn.workers[0], drawn.verifiers[0]]) {
      const id = place?.node as NodeId;
      expect(purses(network, id)).toEqual({ points: 10_000n, bonded: 0n, vesting: 0n });
      expect(network.state.node(id)?.availability).toBe(ONE);
    }
    expect(task.workers.map((place) => place.state)).toEqual([
      "declined",
      "committed",
      "committed",
    ]);
  });

  test("when its node does not answer in time: no bond was staked, but it is called less", () => {
    const { network, drawn, task } = play({ workers: ["silent"] });
    expect(outcomeOf(task)).toBe("verified");
    const id = drawn.workers[0]?.node as NodeId;
    expect(purses(network, id).points).toBe(10_000n);
    expect(network.state.node(id)?.availability).toBe((ONE * 7) / 8);
    expect(task.workers[0]?.state).toBe("missed");
  });

  test("when its worker accepted and vanished: his bond is burnt, his reputation is not", () => {
    const { network, drawn, task } = play({ workers: ["vanishes"] });
    expect(outcomeOf(task)).toBe("verified");
    const id = drawn.workers[0]?.node as NodeId;
    expect(purses(network, id)).toEqual({ points: 9_900n, bonded: 0n, vesting: 0n });
    expect(network.state.node(id)).toMatchObject({ clean: 20, suspensions: 0, failures: 0 });
    expect(network.whys).toContainEqual(
      expect.objectContaining({ account: id, rule: "no-show", delta: -100n }),
    );
  });
});

describe("a task that runs out of nodes", () => {
  test("ends with the workers who committed, if one did and nobody is left to replace the other", () => {
    // Six members fill all six places: there is no substitute.
    const { task } = play({ workers: ["vanishes"] }, { members: 6 });
    expect(outcomeOf(task)).toBe("verified");
    expect(task.workers.filter(isLive)).toHaveLength(1);
  });

  test("is refunded when no worker is left; who had accepted gets his bond back", () => {
    const { network, task } = play({ workers: ["silent", "silent"] }, { members: 6 });
    expect(task.conclusion).toMatchObject({ outcome: "inconclusive", refunded: 10_000n });
    for (const { nodeId } of network.members)
      expect(purses(network, nodeId)).toEqual({ points: 10_000n, bonded: 0n, vesting: 0n });
  });

  test("is refunded when too few verifiers are left for a quorum", () => {
    const { task } = play({ verifiers: ["silent", "declines"] }, { members: 6 });
    expect(task.conclusion).toMatchObject({ outcome: "inconclusive", proofHash: null });
  });

  test("is refunded at once when the network is too small from the start", () => {
    const { network, actors } = start({ members: 4 });
    const task = actors.finish(actors.order());
    expect(task.conclusion).toMatchObject({ outcome: "inconclusive", refunded: 10_000n });
    expect(task.ranks).toEqual([]);
    expect(network.state.account(network.requester.nodeId)?.points).toBe(1_000_000n - 5n);
  });
});

describe("a liar", () => {
  const { network, drawn, task } = play({ workers: ["lies"] });
  const liar = drawn.workers[0]?.node as NodeId;
  const honest = drawn.workers[1]?.node as NodeId;

  test("is found out by segment evidence while the honest worker's result stands", () => {
    expect(outcomeOf(task)).toBe("verified");
    expect(network.state.node(honest)?.clean).toBe(21);
  });

  test("loses bond, standing and trust, and is suspended", () => {
    expect(purses(network, liar)).toEqual({ points: 9_900n, bonded: 0n, vesting: 0n });
    const node = network.state.node(liar);
    expect(node).toMatchObject({ clean: 0, suspensions: 1, failures: 10 * ONE });
    const concluded = network.blocks.at(-1)?.block.header.activeTime ?? 0;
    expect(node?.suspendedUntil).toBe(concluded + 600_000);
    const fall = network.whys.find((why) => why.account === liar && why.of === "reputation");
    expect(fall).toMatchObject({ rule: "wrong-result", evidence: task.conclusion?.proofHash });
    expect(Number(fall?.delta)).toBeLessThan(-ONE / 4);
  });

  test("is suspended twice as long the next time, and loses what was vesting", () => {
    const { network: again, actors } = start({ members: 6 });
    const [first] = again.members;
    const id = first?.nodeId as NodeId;
    const lengths: number[] = [];
    for (let round = 0; lengths.length < 2; round++) {
      const node = again.state.node(id);
      const account = again.state.account(id);
      const drawn = actors.until(actors.order(), (task) => task.phase !== "submitted");
      if (drawn.workers.some((place) => place.node === id)) actors.conduct.set(id, "lies");
      actors.finish(drawn.orderId);
      actors.conduct.clear();
      const after = again.state.node(id);
      if (after && after.suspensions > (node?.suspensions ?? 0)) {
        lengths.push(after.suspendedUntil - again.state.head.activeTime);
        expect(again.state.account(id)?.vesting).toBe(0n);
        expect(account?.vesting).toBeGreaterThanOrEqual(0n);
        // It is drawn again when the suspension is over; on probation, as one worker of a task.
        while (again.state.head.activeTime < after.suspendedUntil)
          again.step({ elapsedMs: 60_000, view: 1 });
      }
      expect(round).toBeLessThan(60);
    }
    expect(lengths).toEqual([600_000, 1_200_000]);
  });
});

describe("verdicts that are not for a result", () => {
  test("the program itself fails: that was checked like a result, and is paid like one", () => {
    const { actors } = start();
    actors.fault = "OUT_OF_FUEL";
    const task = actors.finish(actors.order());
    expect(task.conclusion).toMatchObject({
      outcome: "failed",
      result: { fault: "OUT_OF_FUEL" },
    });
    expect(task.conclusion?.paid).toBeGreaterThan(0n);
  });

  test("all lied: the task is disputed, refunded, and every liar pays", () => {
    const { network, drawn, task } = play({ workers: ["lies", "lies"] });
    expect(task.conclusion).toMatchObject({ outcome: "disputed", refunded: 10_000n, result: null });
    for (const { node } of drawn.workers) expect(network.state.node(node)?.suspensions).toBe(1);
  });

  test("one showed nothing: he loses his bond and is not paid, the other's result stands", () => {
    const { network, drawn, task } = play({ workers: ["hides"] });
    expect(outcomeOf(task)).toBe("verified");
    expect(purses(network, drawn.workers[0]?.node as NodeId).points).toBe(9_900n);
    expect(network.state.node(drawn.workers[0]?.node as NodeId)?.failures).toBe(0);
  });

  test("to show nothing costs every point that a wrong result costs, so that no liar gains by it", () => {
    const lost = (conduct: Conduct) => {
      const { network, actors } = start({ policy: { pricePerGigafuel: 100_000n as never } });
      const order = () => actors.order({ priceCeiling: 15_000n as never });
      const drawn = actors.until(order(), (task) => task.phase === "running");
      const id = drawn.workers[0]?.node as NodeId;
      actors.finish(drawn.orderId);
      const before = network.state.account(id);
      expect(before?.vesting).toBeGreaterThan(0n);
      for (let i = 0; i < 40; i++) {
        const next = actors.until(order(), (task) => task.phase === "running");
        if (next.workers.some(({ node }) => node === id)) actors.conduct.set(id, conduct);
        actors.finish(next.orderId);
        if (actors.conduct.has(id)) break;
      }
      expect(actors.conduct.has(id)).toBe(true);
      return { account: network.state.account(id), node: network.state.node(id) };
    };
    const [hidden, lied] = [lost("hides"), lost("lies")];
    expect(hidden.account).toMatchObject({ bonded: 0n, vesting: 0n });
    expect(hidden.account?.points).toBeLessThanOrEqual(lied.account?.points ?? 0n);
    // A crash is no lie: his name and his freedom stay, but trust is earned anew.
    expect(hidden.node).toMatchObject({ failures: 0, suspendedUntil: 0, clean: 0 });
    expect(lied.node?.failures).toBeGreaterThan(0);
  });

  test("nobody showed anything: inconclusive by proof, bonds burnt, refunded", () => {
    const { task } = play({ workers: ["hides", "hides"] });
    expect(task.conclusion).toMatchObject({ outcome: "inconclusive", refunded: 10_000n });
    expect(task.conclusion?.proofHash).not.toBeNull();
  });
});

test("tasks that overlap never give a node more places than it has capacity for", () => {
  const { network, actors } = start({ members: 8 });
  const orders = Array.from({ length: 6 }, () => actors.send());
  network.step();
  network.step();
  network.step();
  const assigned = network.members.map(({ nodeId }) => network.state.node(nodeId)?.assigned ?? 0);
  // Five tasks would fill 30 of 32 places; who comes last waits until nodes come free.
  expect(Math.max(...assigned)).toBe(4);
  const phases = orders.map((id) => network.state.task(id)?.phase);
  const running = phases.filter((phase) => phase === "running").length;
  expect([4, 5]).toContain(running);
  expect([...network.state.queue()]).toHaveLength(6 - running);
  for (const id of orders) expect(actors.finish(id).conclusion?.outcome).toBe("verified");
});

test("earned points vest over clean verdicts", () => {
  const { network, actors } = start({
    members: 6,
    policy: { pricePerGigafuel: 1_000_000n as never, vestingVerdicts: 4 },
  });
  const order = () => actors.order({ priceCeiling: 150_000n as never });
  const earned = () => network.members.map(({ nodeId }) => network.state.account(nodeId));
  actors.finish(order());
  expect(earned().every((account) => (account?.points ?? 0n) === 10_000n)).toBe(true);
  expect(earned().some((account) => (account?.vesting ?? 0n) > 1_000n)).toBe(true);
  for (let i = 0; i < 3; i++) actors.finish(order());
  expect(earned().some((account) => (account?.points ?? 0n) > 10_000n)).toBe(true);
});
