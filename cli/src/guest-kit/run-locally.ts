import {
  type Engine,
  type HostTask,
  leafOf,
  openLocally,
  runTask,
  type Segment,
  type TaskRun,
} from "@meshwork/edge-node/local-task";
import type { TraceLeaf } from "@meshwork/protocol";

/** One run, with what is needed to hold another against it. */
export interface LocalRun extends TaskRun {
  /** Why it faulted, in words. */
  readonly message: string | null;
  /** The first steps, each with all that it depends on: any of them can be run again alone. */
  readonly segments: readonly Segment[];
}

/** Steps that are kept to be run again; their states lie in memory. */
const KEPT_SEGMENTS = 16;

export interface RunOptions {
  readonly engine?: Engine;
  readonly signal?: AbortSignal;
  onStep?(index: number, of: number): void;
}

/** Runs a task from beginning to end in a sandbox of its own. */
export async function runLocally(task: HostTask, options: RunOptions = {}): Promise<LocalRun> {
  const local = await openLocally(task, options);
  const segments: Segment[] = [];
  let message: string | null = null;
  try {
    const run = await runTask(
      {
        steps: local.steps,
        async runSegment(segment) {
          if (segments.length < KEPT_SEGMENTS) segments.push(segment);
          const outcome = await local.runSegment(segment);
          if (outcome.kind === "fault") message = outcome.message;
          return outcome;
        },
      },
      { onStep: ({ index, of }) => options.onStep?.(index, of) },
    );
    return { ...run, message, segments };
  } finally {
    await local.close();
  }
}

/** Runs the kept steps again, each alone and the last one first, in a sandbox that has seen none of them. */
export async function runAlone(
  task: HostTask,
  segments: readonly Segment[],
  options: RunOptions = {},
): Promise<TraceLeaf[]> {
  const local = await openLocally(task, options);
  try {
    const leaves: TraceLeaf[] = [];
    for (const segment of segments.toReversed())
      leaves.push(leafOf(segment, await local.runSegment(segment)));
    return leaves.toReversed();
  } finally {
    await local.close();
  }
}
