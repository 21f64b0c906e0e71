import type { NodeId, OrderId, Points } from "@meshwork/foundation";
import type { TaskRecord } from "@meshwork/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Actors, seededDigest, TestNetwork, testOrder } from "../testing/index.ts";
import { CLASS_MS, rankOf } from "./queue.ts";

const HOUR_MS = 3_600_000;
/** Whoever takes a place of such an order keeps it for as long as the test wants. */
const endless = { matchMs: 6 * HOUR_MS, runMs: 6 * HOUR_MS, deliverMs: 6 * HOUR_MS };

/** A network all of whose 24 places are taken, and what plays its nodes. */
function busy() {
  const network = new TestNetwork({ members: 6, policy: { epochMs: 100 * HOUR_MS } });
  const actors = new Actors(network);
  const holders = Array.from({ length: 4 }, () => actors.send({ deadlines: endless }));
  for (let i = 0; i < 3; i++) network.step();
  const order = (change: Parameters<Actors["send"]>[0] = {}) => {
    const id = actors.send({ deadlines: endless, ...change });
    for (let i = 0; i < 3; i++) network.step({ view: 1 });
    return id;
  };
  const queue = () => [...network.state.queue()].map(({ orderId }) => orderId);
  const phaseOf = (id: OrderId) => network.state.task(id)?.phase;
  const wait = (ms: number) => {
    const until = network.state.head.activeTime + ms;
    while (network.state.head.activeTime < until) network.step({ view: 1, elapsedMs: 60_000 });
  };
  const free = () => {
    const holder = holders.shift() as OrderId;
    network.send(network.requester, { kind: "cancel", orderId: holder });
    for (let i = 0; i < 3; i++) network.step({ view: 1 });
  };
  return { network, actors, order, queue, phaseOf, wait, free };
}

describe("an order that finds all nodes busy", () => {
  test("waits, asks for no blocks meanwhile, and is drawn when places come free", () => {
    const { network, order, queue, phaseOf, free } = busy();
    const id = order();
    expect(queue()).toEqual([id]);
    expect(network.state.drawsPending).toBe(false);
    free();
    expect(phaseOf(id)).toBe("running");
    expect(network.state.task(id)?.attempt).toBe(0);
    expect(queue()).toEqual([]);
  });

  test("is drawn after those of a higher class, and before those of its own that came later", () => {
    const { order, queue } = busy();
    const first = order({ priority: 1 });
    const second = order({ priority: 1 });
    const high = order({ priority: 3 });
    expect(queue()).toEqual([high, first, second]);
  });

  test("is drawn before higher ones that came long after it: nobody starves", () => {
    const { order, queue, wait, free, phaseOf } = busy();
    const old = order({ priority: 0 });
    wait(3 * CLASS_MS + 60_000);
    const rich = order({ priority: 3 });
    expect(queue()).toEqual([old, rich]);
    free();
    expect([phaseOf(old), phaseOf(rich)]).toEqual(["running", "submitted"]);
  });

  test("may be taken back for nothing, and ends by itself after an hour with its points", () => {
    const { network, order, wait, queue } = busy();
    const held = () => network.state.account(network.requester.nodeId)?.points ?? 0n;
    const before = held() - network.state.policy.submitPrice;
    const patient = order();
    const taken = order();
    network.send(network.requester, { kind: "cancel", orderId: taken });
    network.step();
    expect(network.state.task(taken)?.conclusion).toMatchObject({ outcome: "revoked", burnt: 0n });
    wait(HOUR_MS);
    expect(network.state.task(patient)?.conclusion?.outcome).toBe("inconclusive");
    expect(queue()).toEqual([]);
    expect(held()).toBe(before - network.state.policy.submitPrice);
  });

  test("does not wait where there are too few nodes, busy or not", () => {
    const { network, actors } = busy();
    const policy = { replicas: 3, verifiers: 6, segmentsPerVerifier: 1, auditRate: 0 };
    const { conclusion } = actors.finish(actors.order({ policy, priceCeiling: 20_000n as Points }));
    expect(conclusion?.outcome).toBe("inconclusive");
    expect([...network.state.queue()]).toEqual([]);
  });
});

describe("the rank in the queue", () => {
  const { state, members, requester } = new TestNetwork({ members: 4 });
  const [worker] = members.map(({ nodeId }) => nodeId) as [NodeId];
  const contributed = (points: bigint) =>
    state.with("contribution", {
      ...{ nodeId: worker, since: 0, epoch: 0, settled: points, fresh: 0n },
      ...{ candidate: null, nextCandidate: null },
    });
  const start = 1_790_000_000_000;
  const cameAt = (ms: number, priority: number, of: NodeId = requester.nodeId) =>
    ({
      requester: of,
      order: testOrder(worker, { priority, contractHash: seededDigest("c") }),
      submitted: { height: 1, time: start + ms },
    }) as TaskRecord;

  test("depends on class, on time, and within a class on what its requester has contributed", () => {
    const one = fc.record({
      ms: fc.integer({ min: 0, max: 10 * CLASS_MS }),
      priority: fc.integer({ min: 0, max: 3 }),
      points: fc.bigInt({ min: 0n, max: 2n ** 60n }),
    });
    const rank = ({ ms, priority, points }: { ms: number; priority: number; points: bigint }) =>
      rankOf(contributed(points), cameAt(ms, priority, worker));
    fc.assert(
      fc.property(one, one, (a, b) => {
        // A class is worth more than all contributions, and four classes' wait more than any class.
        if (a.priority > b.priority && a.ms <= b.ms) expect(rank(a)).toBeLessThan(rank(b));
        if (b.ms - a.ms >= 4 * CLASS_MS) expect(rank(a)).toBeLessThan(rank(b));
        const alike = a.priority === b.priority && a.ms === b.ms;
        if (alike && a.points >= 2n * b.points) expect(rank(a)).toBeLessThanOrEqual(rank(b));
        // What is no whole number has no bytes: no block could be made any more.
        expect(Number.isSafeInteger(rank(a))).toBe(true);
      }),
      { numRuns: 300 },
    );
    const fresh = { ms: 0, priority: 1 };
    expect(rank({ ...fresh, points: 1_000n })).toBeLessThan(rank({ ...fresh, points: 1n }));
  });
});
