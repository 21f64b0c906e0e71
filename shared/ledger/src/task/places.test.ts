import { type Fuel, limits, type NodeId, type Points } from "@meshwork/foundation";
import { type TaskPanel, type TaskPlace, type TaskRecord, taskRecord } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { MAX_COUNT, type NodeState } from "../records.ts";
import { Actors, seededDigest, type TestMember, TestNetwork } from "../testing/index.ts";
import { MAX_CALLS } from "./places.ts";

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

const LATE = 2 ** 42;
const DIGEST = seededDigest("any");
const POINTS = (2n ** 63n - 1n) as Points;

/** All who can be called were; those who stayed have laid on the ledger whatever can be said. */
function largest(task: TaskRecord): TaskRecord {
  const { replicas, verifiers } = limits;
  const called = { ...(task.workers[0] as TaskPlace), rank: 303, deadline: null, commitment: null };
  const lost: TaskPlace = { ...called, state: "declined" };
  const shown = { traceRoot: DIGEST, fuel: (2n ** 63n - 1n) as Fuel };
  const worker: TaskPlace = { ...called, state: "committed", commitment: DIGEST, shown };
  const findings = Array(replicas).fill("unrevealed");
  const said = { verdictHash: DIGEST, seed: DIGEST, findings };
  const judge: TaskPlace = { ...worker, state: "attested", said };
  const filled = (seats: number, place: TaskPlace): TaskPlace[] => [
    ...Array(MAX_CALLS - seats).fill(lost),
    ...Array(seats).fill(place),
  ];
  const panel: TaskPanel = {
    cause: "disagreement",
    size: verifiers,
    fixedHeight: LATE,
    drawHeight: LATE,
    ranks: Array(2 * verifiers).fill(called.node),
    seats: filled(verifiers, judge),
    verdictDeadline: LATE,
  };
  const penalty = {
    node: called.node,
    bond: POINTS,
    vesting: POINTS,
    clean: MAX_COUNT,
    failed: true,
    suspendedUntil: LATE,
  };
  return {
    ...task,
    // Eight for each place: no policy may draw more.
    ranks: Array(8 * (replicas + verifiers)).fill(called.node),
    relaxed: ["operator", "probation"],
    workers: filled(replicas, worker),
    verifiers: filled(verifiers, judge),
    conclusion: task.conclusion && {
      ...task.conclusion,
      penalties: Array(replicas).fill(penalty),
    },
    panels: [panel, { ...panel, cause: "appeal" }],
    appeal: { by: called.node, height: LATE, bond: POINTS, upheld: true },
    queue: { since: LATE, rank: LATE, until: LATE },
  };
}

test("the largest record that a task can come to is still one that can be read, with a KiB to spare", () => {
  const actors = new Actors(new TestNetwork({ members: 8 }));
  const record = largest(actors.finish(actors.order()));
  const bytes = taskRecord.encode(record);
  expect(taskRecord.decode(bytes)).toEqual(record);
  expect(bytes.length).toBeLessThan(limits.stateLeafBytes - 1_024);
});
