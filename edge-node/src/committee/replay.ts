import type { ContentId } from "@meshwork/foundation";
import { closedSet, type Dispatch, type TaskRecord, type TraceLeaf } from "@meshwork/protocol";
import { contentIdOfDigest } from "@meshwork/storage";
import { leafOf, type RunningTask, runTask, type TaskRun } from "../runtime/run-task.ts";
import { fetchTask } from "../worker/fetch-inputs.ts";
import type { VerifierParts } from "./verify-task.ts";

/** Runs parts of a task again, for one verifier; one sandbox serves until it is closed. */
export interface Replayer {
  /**
   * For an audit that is certain to come: gets the program ready ahead of time, and runs it where it has
   * one step alone, since whatever is asked of it then is all of it.
   */
  prepare(): void;
  /** How many steps the program has. */
  steps(): Promise<number>;
  /** What step `index` really gives after `before`, the agreed leaves of the steps ahead of it. */
  replayStep(index: number, before: readonly TraceLeaf[]): Promise<TraceLeaf>;
  /** The whole task from its beginning; run once, however often it is asked for. */
  replayAll(): Promise<TaskRun>;
  close(): Promise<void>;
}

export function createReplayer(
  parts: Pick<VerifierParts, "blobs" | "openSandbox">,
  { dispatch, task, signal }: { dispatch: Dispatch; task: TaskRecord; signal: AbortSignal },
): Replayer {
  const hints = [task.order.gateway, ...closedSet(task).map(({ node }) => node)];
  // No honest step leaves more; a sandbox would refuse it, and the liar would go free.
  const maxBytes = dispatch.contract.limits.stateBytes;
  let opened: ReturnType<VerifierParts["openSandbox"]> | null = null;
  let whole: Promise<TaskRun> | null = null;

  const sandbox = (): Promise<RunningTask> => {
    opened ??= fetchTask(parts.blobs, dispatch, { hints, signal }).then((ready) =>
      parts.openSandbox(ready, signal),
    );
    return opened;
  };

  /** The state after the given steps, from whoever kept it; null when nobody has it. */
  const stateAfter = async (last: TraceLeaf | undefined): Promise<Uint8Array | null> => {
    if (last === undefined) return new Uint8Array(0);
    const id: ContentId = contentIdOfDigest(last.post);
    return parts.blobs.fetch(id, { hints, maxBytes, signal, unsealed: true }).catch(() => null);
  };

  const replayAll = () => {
    whole ??= sandbox().then((running) => runTask(running));
    return whole;
  };

  return {
    prepare() {
      const ready = sandbox().then(({ steps }) => (steps === 1 ? replayAll() : null));
      ready.catch(() => {}); // Whoever replays will hear of it.
    },
    replayAll,
    steps: async () => (await sandbox()).steps,
    async replayStep(index, before) {
      const running = await sandbox();
      if (whole !== null && running.steps === 1) return leafAt(await whole, index);
      const preState = await stateAfter(before.at(-1));
      const honest = preState === null || index >= running.steps ? await replayAll() : null;
      // Beyond the true end there is no such step: the closing leaf, or nothing, stands there.
      if (honest !== null || preState === null) return leafAt(honest ?? (await replayAll()), index);
      const segment = {
        index,
        preState,
        fuelBefore: before.reduce((sum, leaf) => sum + leaf.fuel, 0n),
        outputBefore: before.reduce((sum, leaf) => sum + leaf.outBytes, 0),
      };
      return leafOf(segment, await running.runSegment(segment));
    },
    async close() {
      const running = await opened?.catch(() => null);
      await running?.close();
    },
  };
}

function leafAt(run: TaskRun, index: number): TraceLeaf {
  const leaf = run.leaves[Math.min(index, run.leaves.length - 1)];
  if (leaf === undefined) throw new RangeError("a run has at least its closing leaf");
  return leaf;
}
