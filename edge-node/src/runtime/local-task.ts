import { loadJsEngine } from "./js-engine.ts";
import { runOnWorld } from "./run-on-world.ts";
import type { RunningTask } from "./run-task.ts";
import type { HostTask, Segment, SegmentOutcome } from "./runtime.ts";
import { sandboxCommand } from "./sandbox-command.ts";
import { SandboxError } from "./sandbox-error.ts";
import { encodePrepare } from "./sandbox-messages.ts";
import { SandboxProcess } from "./sandbox-process.ts";

/**
 * The door for those who write tasks: one task, in the sandbox of the network's workers, on this machine and for
 * nobody else. So result, trace and fuel are those of the network.
 */
export { leafOf, runTask, type TaskRun } from "./run-task.ts";
export type { HostFile, HostTask, Program, Segment, SegmentOutcome, Task } from "./runtime.ts";
export { withArguments } from "./wasi/command-line.ts";

/** What runs the sandbox's child. */
export interface Engine {
  /** Path of a Node. @default the one that runs this */
  readonly node?: string;
  /** For its V8, such as `--liftoff-only`. @default none */
  readonly flags?: readonly string[];
}

export interface LocalTask extends RunningTask {
  /** Ends the child, and resolves when it is gone. */
  close(): Promise<void>;
}

/** Opens a task in a child of its own. No bound but the task's own limits stops it: abort it, or close it. */
export async function openLocally(
  task: HostTask,
  { engine = {}, signal }: { engine?: Engine; signal?: AbortSignal } = {},
): Promise<LocalTask> {
  signal?.throwIfAborted();
  const child = new SandboxProcess(await sandboxCommand(engine), encodePrepare(loadJsEngine()));
  const onAbort = () => child.kill(new SandboxError("ABORTED", "the task was called off"));
  signal?.addEventListener("abort", onAbort, { once: true });
  const close = async () => {
    signal?.removeEventListener("abort", onAbort);
    child.kill(new SandboxError("ABORTED", "the sandbox was closed"));
    await child.exited;
  };
  const runSegment = async (segment: Segment): Promise<SegmentOutcome> => {
    const reply = await runOnWorld(child, task, segment);
    if (reply.kind === "outcome") return reply.outcome;
    throw new SandboxError("CHILD_LIES", `the child answered ${reply.kind}, not outcome`);
  };
  try {
    const opened = await child.open(task);
    if (opened.kind !== "opened")
      throw new SandboxError("CHILD_LIES", `the child answered ${opened.kind}, not opened`);
    return { steps: opened.steps, runSegment, close };
  } catch (error) {
    await close();
    throw error;
  }
}
