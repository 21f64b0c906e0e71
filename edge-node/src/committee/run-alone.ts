import { runTask, type TaskRun } from "../runtime/run-task.ts";
import type { HostTask } from "../runtime/runtime.ts";
import type { VerifierParts } from "./verify-task.ts";

/** A run of a verifier's own, in a sandbox of its own. */
export async function runAlone(
  { openSandbox }: Pick<VerifierParts, "openSandbox">,
  task: HostTask,
  signal: AbortSignal,
): Promise<TaskRun> {
  const sandbox = await openSandbox(task, signal);
  try {
    return await runTask(sandbox);
  } finally {
    await sandbox.close();
  }
}
