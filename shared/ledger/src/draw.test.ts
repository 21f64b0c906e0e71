import type { Digest, NodeId, OrderId, Points } from "@meshwork/foundation";
import { ANYWHERE, type NetworkPolicy, type Placement, type TaskRecord } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { drawHorizon } from "./beacon.ts";
import { drawRanks } from "./draw.ts";
import type { NodeState } from "./records.ts";
import { ONE } from "./reputation.ts";
import type { State } from "./state.ts";
import { seededDigest, TestNetwork, testOrder } from "./testing/index.ts";

/** A state of `count` members, changed as the test wants, and a task that waits for its draw. */
function world(
  count: number,
  policy: Partial<NetworkPolicy> = {},
  change: (node: NodeState, index: number) => Partial<NodeState> = () => ({}),
) {
  const network = new TestNetwork({ members: count, policy: { handOverMs: 30_000, ...policy } });
  let state: State = network.state;
  for (const [i, { nodeId }] of network.members.entries()) {
    const node = state.node(nodeId) as NodeState;
    state = state.with("node", { ...node, ...change(node, i) });
  }
  const names = network.members.map((member) => member.nodeId);
  return { state, names, requester: network.requester.nodeId };
}

const taskOf = (requester: NodeId, id: string, replicas = 2, verifiers = 4): TaskRecord =>
  ({
    orderId: seededDigest(id) as string as OrderId,
    requester,
    order: testOrder(requester, {
      policy: { replicas, verifiers, segmentsPerVerifier: 1, auditRate: 0 },
    }),
    attempt: 0,
    fixedHeight: 0,
  }) as TaskRecord;

const at = (id: string) => ({ beacon: seededDigest(id) as Digest, activeTime: 1_000 });
const newcomer = { clean: 0, successes: 0 };

describe("a draw", () => {
  test("is repeated alike by everybody, and differs by beacon and by task", () => {
    const { state, requester } = world(12);
    const draw = (task: string, beacon: string) =>
      drawRanks(state, taskOf(requester, task), at(beacon))?.ranks;
    expect(draw("a", "x")).toEqual(draw("a", "x"));
    expect(draw("a", "x")).not.toEqual(draw("a", "y"));
    expect(draw("a", "x")).not.toEqual(draw("b", "x"));
  });

  test("names nobody twice, and `drawFactor` ranks for each place", () => {
    const { state, requester } = world(30, { drawFactor: 3 });
    const ranks = drawRanks(state, taskOf(requester, "a"), at("x"))?.ranks ?? [];
    expect(ranks).toHaveLength(18);
    expect(new Set(ranks).size).toBe(18);
  });

  test("calls in proportion to weight", () => {
    const { state, names, requester } = world(8, {}, (_, i) => ({
      availability: i === 0 ? ONE / 4 : ONE,
    }));
    let first = 0;
    const draws = 1_500;
    for (let i = 0; i < draws; i++)
      if (drawRanks(state, taskOf(requester, `task ${i}`, 1, 1), at("x"))?.ranks[0] === names[0])
        first++;
    // Its weight is 1/4 of 29/4: 51.7 are expected, with a standard deviation of 7.
    expect(first).toBeGreaterThan(51.7 - 4 * 7);
    expect(first).toBeLessThan(51.7 + 4 * 7);
  });

  test("weighs who is untested like the average, and who was caught by what is left of his name", () => {
    const share = (change: Partial<NodeState>) => {
      const { state, names, requester } = world(8, { probationShare: ONE }, (_, i) =>
        i === 0 ? change : {},
      );
      let first = 0;
      for (let i = 0; i < 800; i++)
        if (drawRanks(state, taskOf(requester, `task ${i}`, 1, 1), at("x"))?.ranks[0] === names[0])
          first++;
      return first;
    };
    // 100 of 800 are expected of an equal, with a standard deviation of 9.4.
    expect(Math.abs(share(newcomer) - 100)).toBeLessThan(4 * 9.4);
    expect(share({ ...newcomer, failures: 10 * ONE })).toBeLessThan(20);
  });

  test("calls who is near and free sooner, in proportion", () => {
    const wish = { ...ANYWHERE, region: "here", latencyClass: 1 };
    const { state, names, requester } = world(8, {}, (node, i) => ({
      lease: node.lease && {
        ...node.lease,
        nearness: { region: i < 4 ? "here" : "there", latencyClass: 1 },
      },
      // Half of the places of the first and the last are taken.
      assigned: i === 0 || i === 7 ? 2 : 0,
    }));
    const first = new Map<NodeId, number>();
    const draws = 1_500;
    for (let i = 0; i < draws; i++) {
      const task = taskOf(requester, `task ${i}`, 1, 1);
      task.order.placement = wish;
      const [rank] = drawRanks(state, task, at("x"))?.ranks ?? [];
      if (rank) first.set(rank, (first.get(rank) ?? 0) + 1);
    }
    // Weights of 2, 4, 4, 4 here, and 2, 2, 2, 1 there: of 21.
    for (const [i, weight] of [2, 4, 4, 4, 2, 2, 2, 1].entries()) {
      const expected = (draws * weight) / 21;
      const deviation = Math.sqrt(expected * (1 - weight / 21));
      expect(Math.abs((first.get(names[i] as NodeId) ?? 0) - expected)).toBeLessThan(4 * deviation);
    }
  });

  const mismatched: [string, Partial<Placement>][] = [
    ["that does not offer the runtime", { runtime: "wasi-cmd-v1" }],
    ["whose sandboxes have too little memory", { memoryMiB: 1_025 }],
    ["that no relay has found in the region", { region: "moon", onlyThere: true }],
  ];
  test.each(mismatched)("never names a node %s", (_, wanted) => {
    const { state, requester } = world(9);
    const task = taskOf(requester, "a");
    task.order.placement = { ...ANYWHERE, ...wanted };
    expect(drawRanks(state, task, at("x"))).toBeNull();
    task.order.placement = {
      ...task.order.placement,
      onlyThere: false,
      runtime: null,
      memoryMiB: 9,
    };
    expect(drawRanks(state, task, at("x"))?.ranks).toHaveLength(9);
  });

  const excluded: [string, Partial<NodeState> | ((node: NodeState) => Partial<NodeState>)][] = [
    ["a node without a lease", { lease: null }],
    [
      "a node whose lease has run out",
      (node) => ({ lease: node.lease && { ...node.lease, until: 1_000 } }),
    ],
    ["a suspended node", { suspendedUntil: 1_001 }],
    ["a node that has as many places as it can fill", { assigned: 4 }],
    [
      "a node without a runtime",
      (node) => ({ lease: node.lease && { ...node.lease, runtimes: [] } }),
    ],
  ];
  test.each(excluded)("never names %s", (_, change) => {
    const { state, names, requester } = world(9, {}, (node, i) =>
      i === 0 ? (typeof change === "function" ? change(node) : change) : {},
    );
    for (let i = 0; i < 20; i++)
      expect(drawRanks(state, taskOf(requester, `${i}`), at("x"))?.ranks).not.toContain(names[0]);
  });

  test("never names the requester, nor a node that cannot stake the bond", () => {
    const { state, names } = world(9);
    const [rich, poor] = names as [NodeId, NodeId];
    const account = state.account(poor);
    if (!account) throw new Error("no account");
    const poorer = state.with("account", { ...account, points: 99n as Points });
    for (let i = 0; i < 20; i++) {
      const ranks = drawRanks(poorer, taskOf(rich, `${i}`), at("x"))?.ranks;
      expect(ranks).not.toContain(rich);
      expect(ranks).not.toContain(poor);
    }
  });

  test("never names the gateway, to which the workers bring their results before they commit", () => {
    const { state, names, requester } = world(9);
    const task = taskOf(requester, "a");
    const gateway = names[3] as NodeId;
    const ranks = drawRanks(state, { ...task, order: { ...task.order, gateway } }, at("x"))?.ranks;
    expect(ranks).toHaveLength(8);
    expect(ranks).not.toContain(gateway);
  });

  test("fails when there are too few for the workers and a quorum of verifiers", () => {
    const four = world(4);
    expect(drawRanks(four.state, taskOf(four.requester, "a"), at("x"))).toBeNull();
    const five = world(5);
    expect(drawRanks(five.state, taskOf(five.requester, "a"), at("x"))?.ranks).toHaveLength(5);
  });
});

describe("newcomers", () => {
  test("are one worker of a task at most, and never verify, while there are others", () => {
    const { state, names, requester } = world(30, {}, (_, i) => (i < 10 ? newcomer : {}));
    const strangers = new Set(names.slice(0, 10));
    for (let i = 0; i < 60; i++) {
      const drawn = drawRanks(state, taskOf(requester, `${i}`), at("x"));
      const places = drawn?.ranks.slice(0, 6) ?? [];
      const found = places.flatMap((id, rank) => (strangers.has(id) ? [rank] : []));
      expect(drawn?.relaxed).toEqual([]);
      expect(found.length).toBeLessThanOrEqual(1);
      expect(found.every((rank) => rank < 2)).toBe(true);
    }
  });

  test("hold their share of the weight together, however many they are", () => {
    const share = 6_554; // A tenth.
    const { state, names, requester } = world(60, { probationShare: share }, (_, i) =>
      i < 50 ? newcomer : {},
    );
    const strangers = new Set(names.slice(0, 50));
    let first = 0;
    const draws = 600;
    for (let i = 0; i < draws; i++) {
      const ranks = drawRanks(state, taskOf(requester, `${i}`, 1, 4), at("x"))?.ranks;
      if (strangers.has(ranks?.[0] as NodeId)) first++;
    }
    // 60 are expected, with a standard deviation of 7.3.
    expect(first).toBeGreaterThan(60 - 4 * 7.3);
    expect(first).toBeLessThan(60 + 4 * 7.3);
  });

  test("are those below the reputation floor too, whatever they once were", () => {
    const { state, names, requester } = world(20, { reputationFloor: 40_000 }, (_, i) =>
      i < 5 ? { successes: 5 * ONE } : {},
    );
    const fallen = new Set(names.slice(0, 5));
    for (let i = 0; i < 30; i++) {
      const ranks = drawRanks(state, taskOf(requester, `${i}`), at("x"))?.ranks ?? [];
      expect(ranks.slice(2, 6).some((id) => fallen.has(id))).toBe(false);
    }
  });

  test("may work without limit where their share is one, and still do not verify", () => {
    const { state, names, requester } = world(24, { probationShare: ONE }, (_, i) =>
      i < 12 ? { clean: 0 } : {},
    );
    const strangers = new Set(names.slice(0, 12));
    let pairs = 0;
    for (let i = 0; i < 40; i++) {
      const ranks = drawRanks(state, taskOf(requester, `${i}`), at("x"))?.ranks ?? [];
      if (ranks.slice(0, 2).every((id) => strangers.has(id))) pairs++;
      expect(ranks.slice(2, 6).some((id) => strangers.has(id))).toBe(false);
    }
    expect(pairs).toBeGreaterThan(0);
  });

  test("fill the places when there is nobody else, and the record says so", () => {
    const { state, requester } = world(8, {}, (_, i) => (i < 6 ? newcomer : {}));
    const drawn = drawRanks(state, taskOf(requester, "a"), at("x"));
    expect(drawn?.relaxed).toEqual(["probation"]);
    expect(drawn?.ranks).toHaveLength(8);
  });
});

describe("an operator's nodes", () => {
  const owned = (share: number) => (node: NodeState, i: number) => ({
    operator: i < share ? ("operator" as NodeId) : node.nodeId,
  });

  test("hold no more places of a task than the cap", () => {
    const { state, names, requester } = world(16, { operatorCap: 2 }, owned(10));
    for (let i = 0; i < 30; i++) {
      const drawn = drawRanks(state, taskOf(requester, `${i}`), at("x"));
      const places = drawn?.ranks.slice(0, 6).filter((id) => names.indexOf(id) < 10) ?? [];
      expect(places.length).toBeLessThanOrEqual(2);
      expect(drawn?.relaxed).toEqual([]);
    }
  });

  test("fill the places when there is nobody else, and the record says so", () => {
    const { state, requester } = world(10, { operatorCap: 2 }, owned(8));
    const drawn = drawRanks(state, taskOf(requester, "a"), at("x"));
    expect(drawn?.relaxed).toEqual(["operator"]);
  });
});

describe("a draw is due", () => {
  test("when more than a third of the seats have proposed after the block that fixed its inputs", () => {
    // Four seats: two distinct proposers.
    expect(drawHorizon({ lastProposed: [0, 0, 0, 0] })).toBe(0);
    expect(drawHorizon({ lastProposed: [9, 0, 0, 0] })).toBe(0);
    expect(drawHorizon({ lastProposed: [9, 8, 0, 0] })).toBe(8);
    expect(drawHorizon({ lastProposed: [9, 8, 7, 6] })).toBe(8);
    // Seven seats: three.
    expect(drawHorizon({ lastProposed: [20, 3, 19, 5, 7, 2, 1] })).toBe(7);
  });
});
