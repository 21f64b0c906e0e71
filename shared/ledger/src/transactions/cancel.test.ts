import type { NodeId } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import type { TestNetwork } from "../testing/index.ts";
import { taskIn } from "../testing/task-in.ts";

/** Test policy: seven points are burnt for a draw in vain, three go to each who had accepted. */
const held = (network: TestNetwork) => network.state.account(network.requester.nodeId)?.points;
const cancel = ({ network, about }: ReturnType<typeof taskIn>) => {
  network.send(network.requester, { kind: "cancel", orderId: about.orderId });
  network.step();
  return network.state.task(about.orderId)?.conclusion;
};

describe("to revoke an order", () => {
  test("is its requester's alone, and only once", () => {
    const { network, holder, about } = taskIn("running");
    const body = { kind: "cancel" as const, orderId: about.orderId };
    expect(network.refused(holder("workers"), body)).toBe("NOT_THE_REQUESTER");
    network.send(network.requester, body);
    network.step();
    expect(network.refused(network.requester, body)).toBe("WRONG_PHASE");
  });

  test("is free before the draw, but for the price of asking", () => {
    const waiting = taskIn("submitted");
    const before = held(waiting.network) ?? 0n;
    expect(cancel(waiting)).toMatchObject({ outcome: "revoked", burnt: 0n, refunded: 10_000n });
    expect(held(waiting.network)).toBe(before + 10_000n);
  });

  test("burns a fee after the draw: to draw again until the right nodes come up is not free", () => {
    const drawn = taskIn("running");
    expect(cancel(drawn)).toMatchObject({ outcome: "revoked", paid: 0n, burnt: 7n });
    for (const { nodeId } of drawn.network.members)
      expect(drawn.network.state.node(nodeId)?.assigned).toBe(0);
  });

  test("pays each who had accepted, and gives him back his bond", () => {
    const drawn = taskIn("running");
    const { network, holder, about } = drawn;
    const worker = holder("workers");
    network.send(worker, { kind: "accept", role: "worker", seedCommitment: null, ...about });
    network.step();
    expect(cancel(drawn)).toMatchObject({ paid: 3n, burnt: 7n, refunded: 9_990n });
    expect(network.state.account(worker.nodeId)).toMatchObject({ points: 10_003n, bonded: 0n });
    expect(network.whys).toContainEqual(
      expect.objectContaining({ account: worker.nodeId, rule: "accept-fee", delta: 3n }),
    );
  });

  test("is too late once a worker has committed: his result may be read by then", () => {
    const { network, actors, task, about } = taskIn("running");
    actors.conduct.set(task.verifiers[0]?.node as NodeId, "silent");
    for (let i = 0; i < 3; i++) {
      const now = network.state.task(about.orderId);
      if (now?.phase === "running") actors.act(now);
      network.step({ view: 1 });
    }
    expect(network.state.task(about.orderId)?.phase).toBe("running");
    expect(network.refused(network.requester, { kind: "cancel", orderId: about.orderId })).toBe(
      "RESULT_IS_OUT",
    );
  });

  test.each(["closed", "audit", "done"] as const)("is void when the task is %s", (phase) => {
    const { network, about } = taskIn(phase);
    expect(network.refused(network.requester, { kind: "cancel", orderId: about.orderId })).toBe(
      "WRONG_PHASE",
    );
  });
});
