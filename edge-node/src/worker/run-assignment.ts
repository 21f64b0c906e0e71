import { codeOf, limits, type OrderId } from "@meshwork/foundation";
import type { TaskRecord } from "@meshwork/protocol";
import type { Assignment } from "../assignment.ts";
import {
  fuelOf,
  type RunHooks,
  type RunSoFar,
  runTask,
  type TaskRun,
} from "../runtime/run-task.ts";
import type { HostTask } from "../runtime/runtime.ts";
import type { WorkerParts } from "./work.ts";

/**
 * Runs the task in a sandbox of its own, tells the requester's node how far it is, and keeps the
 * states between the steps by their hashes: verifiers ask for those that they want to start from.
 */
export async function runAssignment(
  parts: Pick<
    WorkerParts,
    "clock" | "ledger" | "mail" | "blobs" | "openSandbox" | "pace" | "checkpoints" | "log"
  >,
  { orderId, attempt }: Assignment,
  task: HostTask,
  signal: AbortSignal,
): Promise<TaskRun> {
  const order = parts.ledger.task(orderId)?.order;
  const keeper = await keeperOf(parts, orderId, order);
  const sandbox = await parts.openSandbox(task, signal);
  // Opening says nothing about how fast this machine runs.
  const begun = parts.clock.monotonic();
  let keptBytes = 0;
  let kept = Promise.resolve();
  const onStep: RunHooks["onStep"] = async ({ index, of, postState, soFar }) => {
    // One at a time, and beside the next step; nobody starts from the last.
    await kept;
    keptBytes += postState.length;
    if (index + 1 < of && keptBytes <= limits.keptStateBytes) kept = keepState(parts, postState);
    if (index + 1 < of) keeper.onStep(soFar);
    if (order === undefined || of === 1) return;
    const steps = { stepsDone: index + 1, steps: of };
    void parts.mail
      .send(order.gateway, { kind: "progress", orderId, attempt, ...steps })
      .catch((error) => parts.log.debug("progress was lost", { orderId, error }));
  };
  try {
    const run = await runTask(sandbox, { onStep }, keeper.from);
    const executed = run.fuel - fuelOf(keeper.from);
    parts.pace.ran(executed, parts.clock.monotonic() - begun);
    if (keeper.from !== null)
      parts.log.info("a run went on from its checkpoint", { orderId, executed, fuel: run.fuel });
    await kept;
    return run;
  } finally {
    await keeper.end();
    await sandbox.close();
  }
}

type Order = TaskRecord["order"];

/**
 * Where a run begins, and where it will begin if this node is killed. Work that asks the world has more
 * to remember than its state, and begins anew.
 */
async function keeperOf(
  { clock, checkpoints, log }: Pick<WorkerParts, "clock" | "checkpoints" | "log">,
  orderId: OrderId,
  order: Order | undefined,
) {
  if (order === undefined || order.work.nature !== "deterministic")
    return { from: null, onStep: () => {}, end: async () => {} };
  const of = { orderId, contractHash: order.contractHash };
  let keptAt = clock.monotonic();
  let underWay: Promise<void> | null = null;
  return {
    from: await checkpoints.read(of),
    onStep(soFar: () => RunSoFar): void {
      // A disk that is slow delays the next checkpoint, and not the run.
      if (underWay !== null || clock.monotonic() - keptAt < limits.checkpointMs) return;
      keptAt = clock.monotonic();
      underWay = checkpoints
        .keep(of, soFar())
        .catch((error) => log.warn("a checkpoint is not kept", { orderId, code: codeOf(error) }))
        .finally(() => {
          underWay = null;
        });
    },
    end: async () => underWay ?? undefined,
  };
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
