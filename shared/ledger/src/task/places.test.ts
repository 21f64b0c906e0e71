import type { NodeId } from "@meshwork/foundation";
import { expect, test } from "vitest";
import type { NodeState } from "../records.ts";
import { Actors, type TestMember, TestNetwork } from "../testing/index.ts";

/** Seven tried members and one newcomer; six places, and two substitutes. */
function withNewcomer() {
  for (let i = 0; ; i++) {
    const network = new TestNetwork({ members: 8, policy: { probationShare: 32_768 } });
    const newcomer = network.members[i % 8] as TestMember;
    const node = network.state.node(newcomer.nodeId) as NodeState;
    network.state = network.state.with("node", { ...node, clean: 0, successes: 0 });
    const actors = new Actors(network);
    const task = actors.until(actors.order(), ({ phase }) => phase === "running");
    if (task.ranks.indexOf(newcomer.nodeId) >= 6) return { network, actors, task, newcomer };
    if (i > 50) throw new Error("the newcomer is never a substitute");
  }
}

test("a newcomer is passed over for a verifier's place, and still takes the worker's that is lost next", () => {
  const { actors, task, newcomer } = withNewcomer();
  actors.conduct.set(task.verifiers[0]?.node as NodeId, "declines");
  actors.conduct.set(task.workers[0]?.node as NodeId, "declines");
  // The other substitute verifies; the newcomer may not, and works instead.
  const done = actors.finish(task.orderId);
  expect(done.verifiers.map(({ node }) => node)).not.toContain(newcomer.nodeId);
  expect(done.workers.find(({ node }) => node === newcomer.nodeId)?.state).toBe("committed");
  expect(done.conclusion?.outcome).toBe("verified");
});
