import type { NodeId } from "@meshwork/foundation";
import { expect, test } from "vitest";
import type { NodeState } from "../records.ts";
import { Actors, type TestMember, TestNetwork } from "../testing/index.ts";

/** Seven tried members and one newcomer, who is the first of the two substitutes for six places. */
function withNewcomer() {
  for (let i = 0; ; i++) {
    const network = new TestNetwork({ members: 8, policy: { probationShare: 32_768 } });
    // Another height, another beacon, another draw.
    for (let blocks = 0; blocks < i; blocks++) network.step({ view: 1 });
    const newcomer = network.members[i % 8] as TestMember;
    const node = network.state.node(newcomer.nodeId) as NodeState;
    network.state = network.state.with("node", { ...node, clean: 0, successes: 0 });
    const actors = new Actors(network);
    const task = actors.until(actors.order(), ({ phase }) => phase === "running");
    if (task.ranks[6] === newcomer.nodeId && task.ranks.length === 8)
      return { network, actors, task, newcomer };
    if (i > 200) throw new Error("the newcomer is never the first substitute");
  }
}

test("a newcomer is passed over for a verifier's place, and still takes the worker's that is lost next", () => {
  const { network, actors, task, newcomer } = withNewcomer();
  const { orderId, attempt } = task;
  // The other substitute verifies; the newcomer may not, and works instead.
  for (const place of [task.verifiers[0], task.workers[0]]) {
    const member = network.memberOf(place?.node as NodeId);
    network.send(member, { kind: "decline", orderId, attempt });
    network.step();
  }
  const done = actors.finish(task.orderId);
  expect(done.verifiers.map(({ node }) => node)).not.toContain(newcomer.nodeId);
  expect(done.workers.find(({ node }) => node === newcomer.nodeId)?.state).toBe("committed");
  expect(done.conclusion?.outcome).toBe("verified");
});
