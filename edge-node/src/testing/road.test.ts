import type { NodeId } from "@meshwork/foundation";
import { closedSet, type TaskRecord } from "@meshwork/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { honestProgram, lyingProgram } from "../committee/testing/honest-program.ts";
import { type Conduct, RoadNetwork } from "./road-network.ts";

const truth = honestProgram(5);
const forged = lyingProgram(truth, (segment, outcome) =>
  segment.index === 2 && outcome.kind === "done"
    ? { ...outcome, postState: new Uint8Array([1]) }
    : outcome,
);

let network: RoadNetwork;
afterEach(() => network.stop());

const start = async (conduct: (index: number) => Conduct = () => ({}), members = 7) => {
  network = await RoadNetwork.start({ truth, members, conduct });
};

const nodeNumber = (index: number) => network.chain.members[index]?.nodeId as NodeId;

/** Orders tasks until the draw gives this node a worker's place. */
async function runUntilDrawn(node: NodeId): Promise<TaskRecord> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const task = await network.run();
    expect(task.conclusion?.outcome).toBe("verified");
    if (closedSet(task).some((place) => place.node === node)) return task;
  }
  throw new Error(`${node} was never drawn`);
}

/** Every step of it gives something else. */
const nonsense = lyingProgram(truth, (_segment, outcome) =>
  outcome.kind === "done" ? { ...outcome, postState: new Uint8Array([7]) } : outcome,
);

describe("a panel", () => {
  test("takes over where verifiers contradict each other, and finds who was right", async () => {
    const liars = () => [...network.chain.state.all("task")][0]?.verifiers.slice(0, 2) ?? [];
    await start(
      (index) => ({
        get program() {
          return liars().some(({ node }) => node === nodeNumber(index)) ? nonsense : truth;
        },
      }),
      16,
    );
    const task = await network.run();
    expect(task.panels).toMatchObject([{ cause: "disagreement", size: 9 }]);
    expect(task.conclusion).toMatchObject({ outcome: "verified", panel: 0, segmentsSampled: 5 });
    const { whys } = network.chain;
    const refuted = whys.filter(({ rule, of }) => rule === "false-verdict" && of === "bonded");
    expect(refuted.map(({ account }) => account)).toEqual(liars().map(({ node }) => node));
    expect(whys.some(({ rule }) => rule === "wrong-result")).toBe(false);
  });
});

describe("a task", () => {
  test("ends verified when everybody does his part, and pays those who did", async () => {
    await start();
    const task = await network.run();
    expect(task.conclusion).toMatchObject({
      outcome: "verified",
      result: { steps: 5, fault: null },
    });
    expect(task.conclusion?.segmentsSampled).toBeGreaterThan(0);
    for (const { node } of task.workers) {
      const paid = network.chain.whys.find(
        (why) => why.account === node && why.rule === "work-paid",
      );
      expect(paid?.delta).toBeGreaterThan(0n);
    }
  });

  test("ends failed, checked like a result, when the program faults", async () => {
    await start(() => ({ program: honestProgram(5, { faultAt: 3 }) }));
    const task = await network.run();
    expect(task.conclusion).toMatchObject({
      outcome: "failed",
      result: { steps: 4, fault: "TRAP" },
    });
  });

  test("ends verified though one worker forges a step, and he alone loses", async () => {
    await start((index) => (index === 2 ? { program: forged } : {}));
    await runUntilDrawn(nodeNumber(2));
    const losses = network.chain.whys.filter((why) => why.rule === "wrong-result");
    expect(new Set(losses.map(({ account }) => account))).toEqual(new Set([nodeNumber(2)]));
    expect(losses.some((why) => why.of === "reputation" && why.delta < 0n)).toBe(true);
  });

  test("ends verified though a node hears and says nothing", async () => {
    await start((index) => (index === 4 ? { silent: true } : {}));
    const task = await network.run();
    expect(task.conclusion?.outcome).toBe("verified");
    expect(closedSet(task).map(({ node }) => node)).not.toContain(nodeNumber(4));
  });

  test("ends verified though a worker shows his result to one verifier alone: it is passed on", async () => {
    let only: NodeId | null = null;
    await start((index) => ({
      withholds: (to, kind) => {
        if (index !== 1 || kind !== "reveal") return false;
        only ??= to;
        return to !== only;
      },
    }));
    const task = await runUntilDrawn(nodeNumber(1));
    expect(task.conclusion?.outcome).toBe("verified");
    expect(network.chain.whys.filter((why) => why.rule === "not-revealed")).toEqual([]);
  });
});
