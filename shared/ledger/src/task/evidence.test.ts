import type { NodeId } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { Actors, type TestMember, TestNetwork } from "../testing/index.ts";

const cleanOf = (network: TestNetwork) =>
  network.members.map(({ nodeId }) => network.state.node(nodeId)?.clean ?? 0);

describe("a clean verdict", () => {
  test("counts only so often a day when one operator's orders give it; the next day it counts again", () => {
    const network = new TestNetwork({ members: 6, standing: 0, policy: { evidencePerDay: 2 } });
    const actors = new Actors(network);
    for (let i = 0; i < 8; i++) actors.finish(actors.order());
    expect(cleanOf(network).every((clean) => clean <= 2)).toBe(true);
    expect(Math.max(...cleanOf(network))).toBe(2);
    // What was counted was counted on another day.
    for (const evidence of [...network.state.all("evidence")])
      network.state = network.state.with("evidence", { ...evidence, day: evidence.day + 7 });
    for (let i = 0; i < 6; i++) actors.finish(actors.order());
    expect(Math.max(...cleanOf(network))).toBeGreaterThan(2);
  });

  test("is none for a node of the requester's own operator: nobody makes himself a name", () => {
    const network = new TestNetwork({ members: 6 });
    const [own] = network.members as [TestMember];
    const node = network.state.node(own.nodeId);
    if (!node) throw new Error("no node");
    const operator = network.requester.nodeId;
    network.state = network.state.with("node", { ...node, operator });
    const actors = new Actors(network);
    let worked = 0;
    for (let i = 0; worked < 2; i++) {
      const done = actors.finish(actors.order());
      if (done.workers.some((place) => place.node === (own.nodeId as NodeId))) worked++;
      expect(i).toBeLessThan(40);
    }
    expect(network.state.node(own.nodeId)?.clean).toBe(20);
    expect(Math.max(...cleanOf(network))).toBeGreaterThan(20);
  });
});
