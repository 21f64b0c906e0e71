import type { KeyPair } from "@meshwork/crypto";
import type { Clock, NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import {
  contractFlaw,
  type Dispatch,
  seedCommitmentOf,
  type TaskRecord,
} from "@meshwork/protocol";
import { type Assignment, dispatchFor, holdersOf, placeOf } from "../assignment.ts";
import type { DispatchBook } from "../mail/dispatch-book.ts";
import type { Blobs, TaskLedger, TaskMail } from "../ports.ts";
import type { RunningTask } from "../runtime/run-task.ts";
import type { HostTask } from "../runtime/runtime.ts";
import type { TaskSecrets } from "../task-secrets.ts";
import { declineAssignment } from "../worker/accept-assignment.ts";
import { fetchTask } from "../worker/fetch-inputs.ts";
import type { OutsideParts } from "../worker/outside/outside.ts";
import { answerAsks } from "./answer-asks.ts";
import { attestVerdict } from "./attest.ts";
import { checkClaims } from "./check-claims.ts";
import { gatherReveals } from "./gather-reveals.ts";
import { judge } from "./judge.ts";
import { readClaims } from "./read-claims.ts";
import { createReplayer, type Replayer } from "./replay.ts";

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
  const dispatch = await dispatchFor(parts, called, signal);
  if (!(await canRepeat(parts, { dispatch, task: called, assignment }, signal))) return;
  await takeSeat(parts, assignment, signal);
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

/**
 * A seat is taken only when the data is here, since silence about the verdict costs the bond: else
 * whoever orders could burn it by keeping from the verifiers what the workers got. False: declined.
 */
async function canRepeat(
  parts: VerifierParts,
  about: { dispatch: Dispatch; task: TaskRecord; assignment: Assignment },
  signal: AbortSignal,
): Promise<boolean> {
  const { dispatch, task, assignment } = about;
  try {
    const flaw = contractFlaw(dispatch.contract, task.order.work);
    if (flaw !== null) throw new RangeError(flaw);
    await fetchTask(parts.blobs, dispatch, { hints: holdersOf(task, parts.me), signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!(await declineAssignment(parts, assignment, signal))) throw error;
    const { orderId } = assignment;
    parts.log.warn("a verifier's place was declined: the task cannot be checked here", {
      orderId,
      error,
    });
    return false;
  }
}

async function takeSeat(
  parts: VerifierParts,
  { orderId, attempt }: Assignment,
  signal: AbortSignal,
) {
  const task = await parts.ledger.until(orderId, () => true, signal);
  if (placeOf(task, "verifier", parts.me)?.state !== "called") return;
  const { chainId } = parts.ledger;
  const seedCommitment = seedCommitmentOf(
    { chainId, orderId, attempt, verifier: parts.me },
    parts.secrets("seed", orderId, attempt),
  );
  await parts.ledger.transact(
    { kind: "accept", orderId, attempt, role: "verifier", seedCommitment },
    signal,
  );
}
