import type { NodeId } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { ONE } from "../reputation.ts";
import { Actors, TestNetwork, type TestNetworkOptions } from "../testing/index.ts";

function start(options: TestNetworkOptions = {}) {
  const network = new TestNetwork(options);
  const actors = new Actors(network);
  return { network, actors };
}

describe("an audit", () => {
  test("falls as often as trust allows: after twenty clean verdicts on one task in twenty-one", () => {
    const { network, actors } = start({ policy: { auditFloor: 0 } });
    const policy = { replicas: 2, verifiers: 4, segmentsPerVerifier: 2, auditRate: 0 };
    const task = actors.until(actors.order({ policy }), ({ phase }) => phase === "audit");
    expect(task.audit?.rate).toBe(Math.floor(ONE / 21));
    expect(network.state.task(task.orderId)?.phase).toBe("audit");
  });

  test("falls always on a newcomer's work", () => {
    const { actors } = start({ standing: 2 });
    const policy = { replicas: 1, verifiers: 4, segmentsPerVerifier: 2, auditRate: 0 };
    const task = actors.until(actors.order({ policy }), ({ phase }) => phase === "audit");
    expect(task.audit?.rate).toBe(ONE);
  });

  test("that fell on nobody makes the result accepted, with no segment claimed", () => {
    const { actors } = start({ standing: 10_000, policy: { auditFloor: 0 } });
    const policy = { replicas: 1, verifiers: 4, segmentsPerVerifier: 2, auditRate: 0 };
    const task = actors.finish(actors.order({ policy }));
    expect(task.audit?.mode).toBe("none");
    expect(task.conclusion).toMatchObject({ outcome: "accepted", segmentsSampled: 0 });
  });

  test("that fell on nobody gives a lone worker no standing: nothing was compared", () => {
    const { network, actors } = start({ standing: 10_000, policy: { auditFloor: 0 } });
    const policy = { replicas: 1, verifiers: 4, segmentsPerVerifier: 2, auditRate: 0 };
    const task = actors.finish(actors.order({ policy }));
    const worker = task.workers[0]?.node as NodeId;
    expect(network.state.node(worker)?.clean).toBe(10_000);
  });

  test("is a full one in the share of the floor, and then counts every segment and every run", () => {
    const { actors } = start({ policy: { auditFloor: ONE } });
    const task = actors.finish(actors.order());
    expect(task.audit?.mode).toBe("full");
    // Six runs of eight points, less that of the fourth verifier, who has not signed: a twentieth is
    // burnt, and his part of what verifiers get for looking.
    expect(task.conclusion).toMatchObject({ segmentsSampled: 8, paid: 36n, burnt: 5n });
  });
});
