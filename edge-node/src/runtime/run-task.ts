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

/** A run between two of its steps, with all that is needed to go on. */
export interface RunSoFar {
  /** Of the steps that are done. */
  leaves: readonly TraceLeaf[];
  output: Uint8Array;
  /** That the last of them left. */
  state: Uint8Array;
}

export interface RunHooks {
  /** After each step, with the state that it left; what it returns is awaited. `soFar` copies. */
  onStep?(step: {
    index: number;
    of: number;
    postState: Uint8Array;
    soFar: () => RunSoFar;
  }): void | Promise<void>;
}

/** Runs a task to its last step, or to the step in which it faults: from its first, or from where it was. */
export async function runTask(
  task: RunningTask,
  hooks: RunHooks = {},
  from: RunSoFar | null = null,
): Promise<TaskRun> {
  const leaves: TraceLeaf[] = [...(from?.leaves ?? [])];
  const pieces: Uint8Array[] = from === null ? [] : [from.output];
  let segment = segmentFrom(from);
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
      soFar: () => ({ leaves: [...leaves], output: concat(...pieces), state: outcome.postState }),
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

const segmentFrom = (from: RunSoFar | null): Segment => ({
  index: from?.leaves.length ?? 0,
  preState: from?.state ?? new Uint8Array(0),
  fuelBefore: fuelOf(from),
  outputBefore: from?.output.length ?? 0,
});

/** What the steps that are done have burnt. */
export const fuelOf = (run: Pick<RunSoFar, "leaves"> | null): bigint =>
  (run?.leaves ?? []).reduce((sum, leaf) => sum + leaf.fuel, 0n);

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
