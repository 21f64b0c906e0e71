import type { KeyPair } from "@meshwork/crypto";
import type { Clock, NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { TaskRecord } from "@meshwork/protocol";
import { type Assignment, dispatchFor } from "../assignment.ts";
import type { DispatchBook } from "../mail/dispatch-book.ts";
import type { Blobs, TaskLedger, TaskMail } from "../ports.ts";
import type { RunningTask } from "../runtime/run-task.ts";
import type { HostTask } from "../runtime/runtime.ts";
import type { TaskSecrets } from "../task-secrets.ts";
import type { OutsideParts } from "../worker/outside/outside.ts";
import { answerAsks } from "./answer-asks.ts";
import { attestVerdict } from "./attest.ts";
import { checkClaims } from "./check-claims.ts";
import { gatherReveals } from "./gather-reveals.ts";
import { judge } from "./judge.ts";
import { readClaims } from "./read-claims.ts";
import { createReplayer, type Replayer } from "./replay.ts";
import { takeSeat } from "./take-seat.ts";

export interface VerifierParts {
  me: NodeId;
  keyPair: KeyPair;
  clock: Clock;
  ledger: TaskLedger;
  mail: TaskMail;
  blobs: Blobs;
  dispatches: DispatchBook;
  secrets: TaskSecrets;
  /** What a rubric may ask. */
  outside: Pick<OutsideParts, "services">;
  openSandbox(
    task: HostTask,
    signal: AbortSignal,
  ): Promise<RunningTask & { close(): Promise<void> }>;
  log: Log;
}

/** One task under one verifier's eyes. */
export interface Verification {
  task: TaskRecord;
  assignment: Assignment;
  replayer: Replayer;
  signal: AbortSignal;
}

/** An audit rate of one, in Q16. */
const CERTAIN = 65_536;

/**
 * A verifier's part of the road, steps 5 and 6: commits to a seed while nobody has committed to a
 * result; after the close gathers the reveals, runs again what his seed picks and whatever is in
 * dispute, hears what the others found, and signs the one verdict that follows.
 */
export async function verifyTask(
  parts: VerifierParts,
  assignment: Assignment,
  signal: AbortSignal,
): Promise<void> {
  const { orderId } = assignment;
  // Before the seat is taken: a set must not close under verifiers who were told nothing.
  const called = await parts.ledger.until(orderId, () => true, signal);
  // It began again after a restart, and others judge by now.
  if (called.phase === "panel") return;
  const dispatch = await dispatchFor(parts, called, signal);
  if (!(await takeSeat(parts, { dispatch, task: called, assignment }, signal))) return;
  const closed = await parts.ledger.until(orderId, (task) => task.closeHeight !== null, signal);
  const replayer = createReplayer(parts, { dispatch, task: closed, signal });
  const gathering: Verification = { task: closed, assignment, replayer, signal };
  const stopAnswering = answerAsks(parts, gathering);
  // Where chance only decides how, not whether, the program may be made ready while it does.
  if (closed.order.policy.auditRate === CERTAIN) replayer.prepare();
  try {
    const shown = await gatherReveals(parts, gathering);
    const claims = await readClaims(parts, gathering, { shown, limits: dispatch.contract.limits });
    const task = await parts.ledger.until(orderId, ({ audit }) => audit !== null, signal);
    const verification: Verification = { ...gathering, task };
    const { findings, samples } = await checkClaims(parts, verification, { claims, dispatch });
    const verdict = judge(parts.ledger.chainId, task, findings);
    const { leaves = [] } =
      claims.find(({ reveal }) => reveal.traceRoot === verdict.result?.traceRoot) ?? {};
    await attestVerdict(parts, verification, { verdict, samples, leaves });
  } finally {
    stopAnswering();
    await replayer.close();
  }
}
