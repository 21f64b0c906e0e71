import { concat, uint64, utf8 } from "@meshwork/foundation";
import type { RunningTask } from "../../runtime/run-task.ts";
import type { Segment, SegmentOutcome } from "../../runtime/runtime.ts";

/** A deterministic task without a sandbox: each step appends to the state and writes a line. */
export function honestProgram(steps: number, options: { faultAt?: number } = {}): RunningTask {
  return {
    steps,
    async runSegment({ index, preState }) {
      if (index === options.faultAt)
        return { kind: "fault", code: "TRAP", message: "unreachable", fuel: 3n };
      return {
        kind: "done",
        postState: concat(preState, uint64(index * index)),
        output: utf8(`line ${index}\n`),
        fuel: 1_000_000n + BigInt(index),
      };
    },
  };
}

/** The same task, but for what `lie` makes of a step's outcome. */
export const lyingProgram = (
  truth: RunningTask,
  lie: (segment: Segment, outcome: SegmentOutcome) => SegmentOutcome,
  steps = truth.steps,
): RunningTask => ({
  steps,
  async runSegment(segment) {
    const within = { ...segment, index: Math.min(segment.index, truth.steps - 1) };
    return lie(segment, await truth.runSegment(within));
  },
});
