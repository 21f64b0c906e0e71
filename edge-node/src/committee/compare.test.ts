import type { NodeId } from "@meshwork/foundation";
import { fromHex } from "@meshwork/foundation";
import { type FaultCode, verifyTracePath } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { leafOf, type RunningTask, runTask } from "../runtime/run-task.ts";
import { compareClaims } from "./compare.ts";
import type { Replayer } from "./replay.ts";
import { claimOf, replayerOf } from "./testing/claims.ts";
import { honestProgram, lyingProgram } from "./testing/honest-program.ts";

const truth = honestProgram(6);

const replayer = replayerOf(truth);

const forgeState = (at: number) =>
  lyingProgram(truth, (segment, outcome) =>
    segment.index === at && outcome.kind === "done"
      ? { ...outcome, postState: new Uint8Array([66]) }
      : outcome,
  );

const forgeOutput = lyingProgram(truth, (segment, outcome) =>
  segment.index === 2 && outcome.kind === "done"
    ? { ...outcome, output: new Uint8Array([66]) }
    : outcome,
);

const forgeFault = (code: FaultCode) =>
  lyingProgram(truth, (segment, outcome) =>
    segment.index === 3 ? { kind: "fault", code, message: "", fuel: 1n } : outcome,
  );

describe("claims with different traces", () => {
  const lies: [string, RunningTask, number][] = [
    ["a forged state", forgeState(4), 4],
    ["a forged first step", forgeState(0), 0],
    ["a forged piece of the output", forgeOutput, 2],
    ["an invented fault", forgeFault("OUT_OF_FUEL"), 3],
    ["too little fuel", lyingProgram(truth, (_, outcome) => ({ ...outcome, fuel: 1n })), 0],
    ["a run cut short", honestProgram(4), 4],
    ["a run that goes on", lyingProgram(truth, (_, outcome) => outcome, 8), 6],
  ];

  test.each(lies)(
    "convict the one with %s by its first wrong leaf, in either order",
    async (_, program, index) => {
      const honest = await claimOf("honest", truth);
      const liar = await claimOf("liar", program);
      for (const claims of [
        [honest, liar],
        [liar, honest],
      ]) {
        const { agreed, guilty } = await compareClaims({ replayer }, claims);
        expect(agreed.map(({ worker }) => worker)).toEqual(["honest"]);
        const evidence = guilty.get("liar" as NodeId);
        expect(evidence?.index).toBe(index);
        const place = { index, steps: liar.reveal.steps };
        expect(
          verifyTracePath(
            fromHex(evidence?.claimedLeaf ?? ""),
            place,
            evidence?.path ?? [],
            liar.reveal.traceRoot,
          ),
        ).toBe(true);
        expect(evidence?.claimedLeaf).not.toBe(evidence?.actualLeaf);
      }
    },
  );

  test("convict only who is proven wrong: a second liar is left for the audit", async () => {
    const claims = [await claimOf("one", forgeState(1)), await claimOf("two", forgeState(3))];
    const { agreed, guilty } = await compareClaims({ replayer }, claims);
    expect(agreed.map(({ worker }) => worker)).toEqual(["two"]);
    expect([...guilty].map(([worker, { index }]) => [worker, index])).toEqual([["one", 1]]);
  });

  test("leave the honest majority of three, and the honest minority too", async () => {
    const honest = [await claimOf("a", truth), await claimOf("b", truth)];
    const liars = [await claimOf("x", forgeState(2)), await claimOf("y", forgeState(2))];
    for (const claims of [
      [...honest, ...liars.slice(1)],
      [...liars, ...honest.slice(1)],
    ]) {
      const { agreed, guilty } = await compareClaims({ replayer }, claims);
      expect(agreed.every(({ worker }) => "ab".includes(worker))).toBe(true);
      expect(agreed.length + guilty.size).toBe(3);
      expect([...guilty.keys()].every((worker) => "xy".includes(worker))).toBe(true);
    }
  });

  test("are not there when all agree: then nothing is run again", async () => {
    const idle: Replayer = {
      ...replayer,
      replayStep: () => Promise.reject(new Error("nothing is in dispute")),
    };
    const claims = [await claimOf("a", truth), await claimOf("b", truth)];
    expect(await compareClaims({ replayer: idle }, claims)).toEqual({
      agreed: claims,
      guilty: new Map(),
    });
  });
});

test("a leaf is the same whether its step ran as part of the task or alone", async () => {
  const run = await runTask(truth);
  let preState = new Uint8Array(0);
  let fuelBefore = 0n;
  let outputBefore = 0;
  for (let index = 0; index < truth.steps; index++) {
    const segment = { index, preState, fuelBefore, outputBefore };
    const outcome = await truth.runSegment(segment);
    expect(leafOf(segment, outcome)).toEqual(run.leaves[index]);
    if (outcome.kind === "fault") throw new Error("the program does not fault");
    preState = new Uint8Array(outcome.postState);
    fuelBefore += outcome.fuel;
    outputBefore += outcome.output.length;
  }
});
