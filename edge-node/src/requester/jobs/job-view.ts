import type { Digest, NodeId, OrderId } from "@meshwork/foundation";
import type { Outcome } from "@meshwork/protocol";
import type { TaskView } from "../follow-task.ts";
import type { EndNote, JobStop, KeptJob } from "./job-book.ts";

/** One order of a job, as its requester sees it. */
export interface JobPartView {
  index: number;
  attempt: number;
  /** Null before the order is placed. */
  orderId: OrderId | null;
  stage: "waiting" | TaskView["kind"];
  stepsDone: number;
  steps: number;
  outcome: Outcome | null;
  resultHash: Digest | null;
}

/**
 * `collecting`: not all that it reads is here. `mapping`, `reducing`: under way. `done`: every order that
 * was needed has its verdict. `failed`, `revoked`: it will not go on; `stop` says why.
 */
export interface JobView {
  jobId: Digest;
  requester: NodeId;
  kind: "collecting" | "mapping" | "reducing" | "done" | "failed" | "revoked";
  /** Objects that are not here yet. */
  missing: number;
  failures: number;
  maxFailures: number;
  parts: JobPartView[];
  reduce: JobPartView | null;
  stop: JobStop | null;
}

export const REVOKED = "JOB_REVOKED";

/** An order of a job that is open: which attempt it is, and what is known of it. */
export interface OpenOrder {
  attempt: number;
  orderId: OrderId;
  view: TaskView | null;
}

/** Pure: of what is kept, and of the orders that are open now. */
export function viewJob(
  kept: KeptJob,
  now: { missing: number; openOrder(index: number): OpenOrder | null },
): JobView {
  const { jobId, job, stop, ends } = kept;
  const { body, mandate } = job;
  const viewAt = (index: number) => viewPart(index, ends.get(index) ?? null, now.openOrder(index));
  return {
    jobId,
    requester: mandate.requester,
    kind: kindOf(kept, now.missing),
    missing: now.missing,
    failures: failuresOf(kept),
    maxFailures: body.maxFailures,
    parts: body.inputs.map((_, index) => viewAt(index)),
    reduce: body.reduce === null ? null : viewAt(body.inputs.length),
    stop,
  };
}

function kindOf(kept: KeptJob, missing: number): JobView["kind"] {
  const { job, stop, ends } = kept;
  const { inputs, reduce } = job.body;
  if (stop !== null) return stop.code === REVOKED ? "revoked" : "failed";
  const isMapped = inputs.every((_, index) => isSettled(kept, index));
  if (isMapped && (reduce === null || ends.get(inputs.length)?.resultHash)) return "done";
  if (missing > 0) return "collecting";
  return isMapped ? "reducing" : "mapping";
}

/** Whether no other attempt will follow. */
export function isSettled({ job, ends }: KeptJob, index: number): boolean {
  const end = ends.get(index);
  if (end === undefined) return false;
  return end.resultHash !== null || isFinal(end) || end.attempt + 1 >= job.body.attempts;
}

/** A program that fails does so everywhere, and what its requester took back he does not want. */
const isFinal = ({ outcome }: EndNote): boolean => outcome === "failed" || outcome === "revoked";

export const failuresOf = (kept: KeptJob): number =>
  kept.job.body.inputs.filter(
    (_, index) => isSettled(kept, index) && kept.ends.get(index)?.resultHash === null,
  ).length;

export const isOver = (view: Pick<JobView, "kind">): boolean =>
  view.kind === "done" || view.kind === "failed" || view.kind === "revoked";

function viewPart(index: number, end: EndNote | null, open: OpenOrder | null): JobPartView {
  if (open !== null && open.attempt > (end?.attempt ?? -1)) return openView(index, open);
  if (end === null) return { ...nothing, index, attempt: 0, orderId: null, stage: "waiting" };
  const { attempt, orderId, outcome, resultHash } = end;
  return { ...nothing, index, attempt, orderId, stage: "done", outcome, resultHash };
}

const nothing = { stepsDone: 0, steps: 0, outcome: null, resultHash: null };

/** How far the one is that is furthest. */
function openView(index: number, { attempt, orderId, view }: OpenOrder): JobPartView {
  const about = { ...nothing, index, attempt, orderId };
  if (view?.kind !== "running") return { ...about, stage: view?.kind ?? "pending" };
  const best = view.progress.toSorted((a, b) => b.stepsDone - a.stepsDone)[0];
  return { ...about, stage: "running", stepsDone: best?.stepsDone ?? 0, steps: best?.steps ?? 0 };
}
