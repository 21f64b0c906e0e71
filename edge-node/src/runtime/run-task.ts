import { sha256Hex } from "@meshwork/crypto";
import { concat, type Digest, type Fuel } from "@meshwork/foundation";
import {
  closingLeaf,
  type FaultCode,
  faultStateHash,
  NOTHING_HASH,
  type TraceLeaf,
  traceRootOf,
} from "@meshwork/protocol";
import type { Segment, SegmentOutcome } from "./runtime.ts";

/** A task opened in a sandbox. It rejects with a `SandboxError` when the host fails, never with a result. */
export interface RunningTask {
  readonly steps: number;
  runSegment(segment: Segment): Promise<SegmentOutcome>;
}

/** All that a run leaves behind. The same on every machine. */
export interface TaskRun {
  output: Uint8Array;
  resultHash: Digest;
  leaves: TraceLeaf[];
  traceRoot: Digest;
  steps: number;
  fuel: Fuel;
  fault: FaultCode | null;
}

export interface RunHooks {
  /** After each step, with the state that it left; what it returns is awaited. */
  onStep?(step: { index: number; of: number; postState: Uint8Array }): void | Promise<void>;
}

/** Runs a task from its first step to its last, or to the step in which it faults. */
export async function runTask(task: RunningTask, hooks: RunHooks = {}): Promise<TaskRun> {
  const leaves: TraceLeaf[] = [];
  const pieces: Uint8Array[] = [];
  let segment: Segment = { index: 0, preState: new Uint8Array(0), fuelBefore: 0n, outputBefore: 0 };
  let fault: FaultCode | null = null;

  while (segment.index < task.steps && fault === null) {
    const outcome = await task.runSegment(segment);
    leaves.push(leafOf(segment, outcome));
    if (outcome.kind === "fault") {
      fault = outcome.code;
      break;
    }
    pieces.push(outcome.output);
    segment = segmentAfter(segment, outcome);
    await hooks.onStep?.({
      index: segment.index - 1,
      of: task.steps,
      postState: outcome.postState,
    });
  }
  return closeRun(leaves, pieces, fault);
}

/** What a step shows of itself: the same whether it runs as part of a task or alone. */
export function leafOf(segment: Segment, outcome: SegmentOutcome): TraceLeaf {
  const pre = sha256Hex(segment.preState);
  const { index } = segment;
  if (outcome.kind === "fault") {
    return {
      index,
      pre,
      post: faultStateHash(outcome.code),
      out: NOTHING_HASH,
      outBytes: 0,
      fuel: outcome.fuel,
    };
  }
  const { postState, output, fuel } = outcome;
  return {
    index,
    pre,
    post: sha256Hex(postState),
    out: sha256Hex(output),
    outBytes: output.length,
    fuel,
  };
}

const segmentAfter = (segment: Segment, outcome: SegmentOutcome & { kind: "done" }): Segment => ({
  index: segment.index + 1,
  preState: outcome.postState,
  fuelBefore: segment.fuelBefore + outcome.fuel,
  outputBefore: segment.outputBefore + outcome.output.length,
});

/** A run that faulted has no output: what it wrote before is not its result. */
function closeRun(steps: TraceLeaf[], pieces: Uint8Array[], fault: FaultCode | null): TaskRun {
  const output = fault === null ? concat(...pieces) : new Uint8Array(0);
  const summary = {
    steps: steps.length,
    resultHash: sha256Hex(output),
    fuel: steps.reduce((sum, leaf) => sum + leaf.fuel, 0n) as Fuel,
    fault,
  };
  const finalState = steps.at(-1)?.post ?? NOTHING_HASH;
  const leaves = [...steps, closingLeaf({ ...summary, finalState, resultBytes: output.length })];
  return { output, leaves, traceRoot: traceRootOf(leaves), ...summary };
}
