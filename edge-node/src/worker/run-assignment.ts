import { codeOf, limits } from "@meshwork/foundation";
import type { Assignment } from "../assignment.ts";
import { runTask, type TaskRun } from "../runtime/run-task.ts";
import type { HostTask } from "../runtime/runtime.ts";
import type { WorkerParts } from "./work.ts";

/**
 * Runs the task in a sandbox of its own, tells the requester's node how far it is, and keeps the
 * states between the steps by their hashes: verifiers ask for those that they want to start from.
 */
export async function runAssignment(
  parts: Pick<WorkerParts, "clock" | "ledger" | "mail" | "blobs" | "openSandbox" | "pace" | "log">,
  { orderId, attempt }: Assignment,
  task: HostTask,
  signal: AbortSignal,
): Promise<TaskRun> {
  const gateway = parts.ledger.task(orderId)?.order.gateway;
  const sandbox = await parts.openSandbox(task, signal);
  // Opening says nothing about how fast this machine runs.
  const begun = parts.clock.monotonic();
  let keptBytes = 0;
  let kept = Promise.resolve();
  try {
    const run = await runTask(sandbox, {
      async onStep({ index, of, postState }) {
        // One at a time, and beside the next step; nobody starts from the last.
        await kept;
        keptBytes += postState.length;
        if (index + 1 < of && keptBytes <= limits.keptStateBytes)
          kept = keepState(parts, postState);
        if (gateway === undefined || of === 1) return;
        const progress = {
          kind: "progress",
          orderId,
          attempt,
          stepsDone: index + 1,
          steps: of,
        } as const;
        void parts.mail
          .send(gateway, progress)
          .catch((error) => parts.log.debug("progress was lost", { orderId, error }));
      },
    });
    parts.pace.ran(run.fuel, parts.clock.monotonic() - begun);
    await kept;
    return run;
  } finally {
    await sandbox.close();
  }
}

/** A state spares verifiers the steps before it. Without it they run them: no reason to lose the task. */
async function keepState(
  { blobs, log }: Pick<WorkerParts, "blobs" | "log">,
  state: Uint8Array,
): Promise<void> {
  await blobs
    .put(state, { unsealed: true })
    .catch((error) => log.warn("a state between two steps is not kept", { code: codeOf(error) }));
}
