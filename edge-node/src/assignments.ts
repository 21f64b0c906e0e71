import { type Clock, codeOf, type NodeId, type OrderId, sleep } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { TaskRecord } from "@meshwork/protocol";
import { type Assignment, assignmentOf } from "./assignment.ts";

export interface AssignmentParts {
  me: NodeId;
  clock: Clock;
  log: Log;
  /** The node's part in each role, from its call to its end. */
  work(assignment: Assignment, signal: AbortSignal): Promise<void>;
  verify(assignment: Assignment, signal: AbortSignal): Promise<void>;
  sit(assignment: Assignment, signal: AbortSignal): Promise<void>;
}

/** A part that fails on this machine is begun again, as long as the task waits for it. */
const ATTEMPTS = 3;
const RETRY_MS = 500;

/**
 * Does what the ledger says that this node has to do, and only that: upon each change of a task it
 * holds the record against the jobs under way. After a restart the open tasks of the ledger are all
 * that it needs. A job ends by itself, or is called off when its place or its task is gone.
 */
export function createAssignments(parts: AssignmentParts) {
  const jobs = new Map<
    OrderId,
    { attempt: number; controller: AbortController; done: Promise<void> }
  >();
  let stopped = false;

  const begin = (assignment: Assignment) => {
    const controller = new AbortController();
    const done = run(parts, assignment, controller.signal);
    jobs.set(assignment.orderId, { attempt: assignment.attempt, controller, done });
  };

  return {
    onTask(task: TaskRecord): void {
      if (stopped) return;
      const known = jobs.get(task.orderId);
      if (known !== undefined && known.attempt !== task.attempt) {
        // Other nodes are drawn, or these anew: what was begun is worth nothing any more.
        known.controller.abort(new Error("the attempt is over"));
        jobs.delete(task.orderId);
      }
      const job = jobs.get(task.orderId);
      const assignment = assignmentOf(task, parts.me);
      if (assignment === null) {
        // Done, or the place went to another: what is still being shown may be finished.
        if (job !== undefined && task.phase !== "done")
          job.controller.abort(new Error("the place is lost"));
        if (task.phase === "done") forgetSoon(jobs, task.orderId);
      } else if (job === undefined) begin(assignment);
    },
    async stop(): Promise<void> {
      stopped = true;
      for (const { controller } of jobs.values()) controller.abort(new Error("the node stops"));
      await Promise.all([...jobs.values()].map(({ done }) => done));
    },
  };
}

/** The verdict is in; who still waits for letters about the task waits in vain. */
function forgetSoon(jobs: Map<OrderId, { controller: AbortController }>, orderId: OrderId): void {
  jobs.get(orderId)?.controller.abort(new Error("the task is done"));
  jobs.delete(orderId);
}

function partIn({ work, verify, sit }: AssignmentParts, role: Assignment["role"]) {
  if (role === "panel") return sit;
  return role === "worker" ? work : verify;
}

async function run(
  parts: AssignmentParts,
  assignment: Assignment,
  signal: AbortSignal,
): Promise<void> {
  const { orderId, role } = assignment;
  const log = parts.log.child({ orderId, role });
  for (let attempt = 1; attempt <= ATTEMPTS && !signal.aborted; attempt++) {
    try {
      await partIn(parts, role)(assignment, signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      log.warn("a task's part failed here", { attempt, code: codeOf(error), error });
      await sleep(parts.clock, RETRY_MS, signal).catch(() => {});
    }
  }
}
