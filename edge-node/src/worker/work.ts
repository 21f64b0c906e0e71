import type { Clock, NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { Dispatch, TaskRecord } from "@meshwork/protocol";
import { type Assignment, dispatchFor, holdersOf, placeOf } from "../assignment.ts";
import type { DispatchBook } from "../mail/dispatch-book.ts";
import type { Blobs, TaskLedger, TaskMail } from "../ports.ts";
import type { RunningTask } from "../runtime/run-task.ts";
import type { HostTask } from "../runtime/runtime.ts";
import type { TaskSecrets } from "../task-secrets.ts";
import { acceptAssignment, declineAssignment } from "./accept-assignment.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { commitResult } from "./commit-result.ts";
import { fetchTask } from "./fetch-inputs.ts";
import { hideResult } from "./hide-result.ts";
import { type OutsideParts, runOutside } from "./outside/outside.ts";
import type { Pace } from "./pace.ts";
import { reveal, revealToPanel } from "./reveal.ts";
import { runAssignment } from "./run-assignment.ts";
import { showIfUnjudged } from "./show-if-unjudged.ts";
import { whyDecline } from "./why-decline.ts";

export interface WorkerParts {
  me: NodeId;
  clock: Clock;
  ledger: TaskLedger;
  mail: TaskMail;
  blobs: Blobs;
  dispatches: DispatchBook;
  secrets: TaskSecrets;
  /** Opens a task in a sandbox process; closing it frees the process. */
  openSandbox(
    task: HostTask,
    signal: AbortSignal,
  ): Promise<RunningTask & { close(): Promise<void> }>;
  /** Whether this node can take one task more. */
  hasRoom(): boolean;
  outside: OutsideParts;
  pace: Pace;
  checkpoints: Checkpoints;
  log: Log;
}

/**
 * A worker's part of the road, steps 4 and 5. Every step may be done again after a crash: the run is
 * deterministic (on what the world has said, which is kept) and the secrets are derived, so that the same
 * commitment and the same reveal come out.
 */
export async function work(
  parts: WorkerParts,
  assignment: Assignment,
  signal: AbortSignal,
): Promise<void> {
  const { orderId } = assignment;
  const task = await parts.ledger.until(orderId, () => true, signal);
  const dispatch = await dispatchFor(parts, task, signal);
  const inputs = await inputsOrDecline(parts, assignment, { dispatch, task }, signal);
  if (inputs === null) return;
  if (await declined(parts, assignment, { dispatch, task }, signal)) return;

  // The run does not wait until the acceptance is final: if it is refused, only this node has lost.
  const accepted = acceptAssignment(parts, assignment, signal);
  accepted.catch(() => {});
  const { run, transcript } = await runOutside(
    { ...parts.outside, clock: parts.clock },
    assignment,
    {
      outside: dispatch.contract.outside,
      signal,
      // The other half is for what the program does with the answers.
      withinMs: task.order.deadlines.runMs / 2,
      run: (world) => runAssignment(parts, assignment, { ...inputs, ...world }, signal),
    },
  );
  const result = await hideResult(parts, assignment, { task, run, transcript }, signal);
  await accepted;

  await commitResult(parts, assignment, { task, result }, signal);
  await closeOf(parts, assignment, signal);
  await reveal(parts, assignment, result, signal);
  revealToPanel(parts, assignment, result, signal).catch(() => {}); // Only the signal ends it.
  await showIfUnjudged(parts, assignment, result.reveal, signal);
}

/** Leaves a task to others that this node should not stake its bond on; one it has accepted it keeps. */
async function declined(
  parts: WorkerParts,
  assignment: Assignment,
  { dispatch, task }: { dispatch: Dispatch; task: TaskRecord },
  signal: AbortSignal,
): Promise<boolean> {
  const why = whyDecline(parts, task, dispatch);
  if (why === null || !(await declineAssignment(parts, assignment, signal))) return false;
  parts.log.info("a task was declined", { orderId: assignment.orderId, ...why });
  return true;
}

/**
 * A bond is staked only when the data is here: else whoever orders could burn it by naming data that
 * nobody serves. Null: declined.
 */
async function inputsOrDecline(
  parts: WorkerParts,
  assignment: Assignment,
  { dispatch, task }: { dispatch: Dispatch; task: TaskRecord },
  signal: AbortSignal,
): Promise<HostTask | null> {
  try {
    return await fetchTask(parts.blobs, dispatch, { hints: holdersOf(task, parts.me), signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(await declineAssignment(parts, assignment, signal))) throw error;
    const { orderId } = assignment;
    parts.log.warn("a task was declined: its data is not to be had", { orderId, error });
    return null;
  }
}

/** The set is closed by a final block: what is shown from now on, nobody can copy. */
const closeOf = (
  parts: WorkerParts,
  { orderId }: Assignment,
  signal: AbortSignal,
): Promise<TaskRecord> =>
  parts.ledger.until(
    orderId,
    (task) => task.closeHeight !== null && placeOf(task, "worker", parts.me)?.state === "committed",
    signal,
  );
