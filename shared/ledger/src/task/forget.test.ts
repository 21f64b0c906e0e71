import type { Points } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { registration, renewal, rotation } from "../testing/identities.ts";
import { Actors, TestNetwork, testMember, testOrder } from "../testing/index.ts";

/** Lets active time pass; a block adds a minute at most. */
function pass(network: TestNetwork, ms: number): void {
  const end = network.state.head.activeTime + ms;
  while (network.state.head.activeTime <= end) network.step({ elapsedMs: 60_000, view: 1 });
}

describe("what is over is forgotten", () => {
  test("a done task, but not before its time: until then its receipt can be fetched", () => {
    const network = new TestNetwork({ members: 8, policy: { taskKeptMs: 300_000 } });
    const actors = new Actors(network);
    const done = actors.finish(actors.order());
    pass(network, 200_000);
    expect(network.state.task(done.orderId)).toEqual(done);
    pass(network, 120_000);
    expect(network.state.task(done.orderId)).toBeUndefined();
    expect([...network.state.all("task")]).toEqual([]);
  });

  test("a node that was registered and never used; its account stays while it holds points", () => {
    const network = new TestNetwork({ members: 4, policy: { unusedMs: 300_000 } });
    const [idle, poor, busy] = ["idle", "poor", "busy"].map((name) => testMember(`${name} guest`));
    if (!idle || !poor || !busy) throw new Error("three guests");
    network.guests.push(idle, poor, busy);
    for (const guest of [idle, poor, busy]) network.put(registration(network, guest));
    network.step();
    network.put(renewal(network, busy));
    network.step();
    const account = network.state.account(poor.nodeId);
    if (!account) throw new Error("no account");
    const { head } = network.state;
    network.state = network.state
      .with("account", { ...account, points: 0n as never })
      .with("head", { ...head, burnt: (head.burnt + account.points) as never });
    pass(network, 330_000);
    expect(network.state.node(idle.nodeId)).toBeUndefined();
    expect(network.state.account(idle.nodeId)?.points).toBe(490n);
    expect(network.state.account(poor.nodeId)).toBeUndefined();
    expect(network.state.node(busy.nodeId)).toBeDefined();
    // It may come again, and its key may have changed meanwhile.
    expect(network.refusalOf(rotation(network, idle))).toBeUndefined();
  });

  test("but not the account of one whose order is open: what it escrowed comes back to it", () => {
    const network = new TestNetwork({ members: 8, policy: { unusedMs: 300_000 } });
    const guest = testMember("ordering guest");
    network.guests.push(guest);
    network.put(registration(network, guest));
    network.step();
    pass(network, 200_000);
    const held = network.state.account(guest.nodeId)?.points ?? 0n;
    const order = testOrder(guest.nodeId, {
      policy: { replicas: 1, verifiers: 1, segmentsPerVerifier: 1, auditRate: 0 },
      priceCeiling: (held - network.state.policy.submitPrice) as Points,
      deadlines: { matchMs: 600_000, runMs: 600_000, deliverMs: 600_000 },
    });
    network.send(guest, { kind: "submit", order });
    network.step();
    expect(network.state.account(guest.nodeId)).toMatchObject({ points: 0n, openOrders: 1 });
    pass(network, 150_000);
    expect(network.state.node(guest.nodeId)).toBeUndefined();
    // Nobody answers, so the order ends without a verdict.
    while (network.state.head.escrowed > 0n) network.step({ elapsedMs: 59_000, view: 1 });
    expect(network.state.account(guest.nodeId)).toMatchObject({
      points: order.priceCeiling,
      openOrders: 0,
    });
  });
});
