import type { NodeId } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { Actors, TestNetwork } from "../testing/index.ts";

const start = (members: number, maxAttempts: number) => {
  const network = new TestNetwork({ members, policy: { maxAttempts } });
  return { network, actors: new Actors(network) };
};

describe("a task that cannot end well", () => {
  test("is drawn anew, and ends verified when the others do their part", () => {
    const { network, actors } = start(6, 2);
    const drawn = actors.until(actors.order(), ({ phase }) => phase === "running");
    for (const { node } of drawn.workers) actors.conduct.set(node, "silent");
    const again = actors.until(drawn.orderId, ({ attempt }) => attempt === 1);
    expect(again).toMatchObject({ phase: "submitted", workers: [], verifiers: [], ranks: [] });
    for (const { nodeId } of network.members) {
      expect(network.state.node(nodeId)?.assigned).toBe(0);
      expect(network.state.account(nodeId)?.bonded).toBe(0n);
    }
    actors.conduct.clear();
    const done = actors.finish(drawn.orderId);
    expect(done).toMatchObject({ attempt: 1, conclusion: { outcome: "verified" } });
    expect(done.drawHeight).toBeGreaterThan(again.fixedHeight + 1);
  });

  test("is refunded after as many attempts as the network allows", () => {
    const { actors } = start(4, 3);
    const done = actors.finish(actors.order());
    expect(done).toMatchObject({
      attempt: 2,
      conclusion: { outcome: "inconclusive", refunded: 10_000n },
    });
  });

  test("is drawn anew when nobody showed anything, which the proof says: they still pay for it", () => {
    const { network, actors } = start(8, 2);
    const drawn = actors.until(actors.order(), ({ phase }) => phase === "running");
    const hiders = drawn.workers.map(({ node }) => node as NodeId);
    for (const node of hiders) actors.conduct.set(node, "hides");
    const again = actors.until(drawn.orderId, ({ attempt }) => attempt === 1);
    expect(again.escrow).toBe(10_000n);
    for (const node of hiders) expect(network.state.account(node)?.points).toBe(9_900n);
  });

  test("takes no word of an attempt that is over", () => {
    const { network, actors } = start(8, 2);
    const first = actors.until(actors.order(), ({ phase }) => phase === "audit");
    const proof = actors.proofOf(first);
    if (proof === null) throw new Error("there is no proof");
    for (const { node } of first.verifiers) actors.conduct.set(node, "vanishes");
    actors.until(first.orderId, ({ attempt }) => attempt === 1);
    actors.conduct.clear();
    actors.until(first.orderId, ({ phase }) => phase === "audit");
    expect(network.refused(network.requester, { kind: "prove", proof })).toBe("WRONG_ATTEMPT");
    const done = actors.finish(first.orderId);
    // What the first attempt's workers got is part of what the task has cost.
    const { paid = 0n, burnt = 0n, refunded = 0n } = done.conclusion ?? {};
    expect(paid + burnt + refunded).toBe(10_000n);
    expect(done.conclusion?.outcome).toBe("verified");
  });
});
