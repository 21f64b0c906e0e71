import type { NodeId } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { renewal } from "../testing/identities.ts";
import { Actors, type TestMember, TestNetwork } from "../testing/index.ts";

/** All nodes take part, so that whoever could be drawn is. */
const everybody = (network: TestNetwork) => {
  const actors = new Actors(network);
  const drawn = () => actors.until(actors.order(), ({ phase }) => phase === "running").ranks;
  return { actors, drawn };
};

describe("who is drawn was there before the order", () => {
  test("who comes back between an order and its draw is not drawn for it, but for the next", () => {
    const network = new TestNetwork({ members: 8 });
    const [member] = network.members as [TestMember];
    const { actors, drawn } = everybody(network);
    network.send(member, { kind: "leave" });
    network.step();
    const orderId = actors.order();
    network.put(renewal(network, member));
    network.step();
    const task = actors.until(orderId, ({ phase }) => phase === "running");
    expect(task.ranks).toHaveLength(7);
    expect(task.ranks).not.toContain(member.nodeId);
    actors.finish(orderId);
    expect(drawn()).toContain(member.nodeId as NodeId);
  });

  test("an offer of no place is no offer: capacity that opens after the order does not join it", () => {
    const network = new TestNetwork({ members: 8 });
    const [member] = network.members as [TestMember];
    const { actors } = everybody(network);
    network.step({ view: 1 });
    network.put(renewal(network, member, { capacity: 0 }));
    network.step();
    network.step({ elapsedMs: 5_001, view: 1 });
    const orderId = actors.order();
    network.put(renewal(network, member));
    network.step();
    const task = actors.until(orderId, ({ phase }) => phase === "running");
    expect(task.ranks).not.toContain(member.nodeId);
  });

  test("who renews without a gap stays in the draw", () => {
    const network = new TestNetwork({ members: 8 });
    const [member] = network.members as [TestMember];
    const { actors } = everybody(network);
    network.step({ view: 1 });
    const orderId = actors.order();
    network.put(renewal(network, member));
    network.step();
    const task = actors.until(orderId, ({ phase }) => phase === "running");
    expect(task.ranks).toHaveLength(8);
  });
});
