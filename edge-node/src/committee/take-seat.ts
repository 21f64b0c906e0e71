import { contractFlaw, type Dispatch, seedCommitmentOf, type TaskRecord } from "@meshwork/protocol";
import { type Assignment, holdersOf, placeOf } from "../assignment.ts";
import { declineAssignment } from "../worker/accept-assignment.ts";
import { fetchTask } from "../worker/fetch-inputs.ts";
import type { VerifierParts } from "./verify-task.ts";

/**
 * Takes a verifier's place, or one on a panel, and commits to a seed. Only when the data is here, since
 * silence about the verdict costs the bond: else whoever orders could burn it by keeping from the
 * verifiers what the workers got. False: declined.
 */
export async function takeSeat(
  parts: VerifierParts,
  about: { dispatch: Dispatch; task: TaskRecord; assignment: Assignment },
  signal: AbortSignal,
): Promise<boolean> {
  if (!(await canRepeat(parts, about, signal))) return false;
  const { orderId, attempt, role } = about.assignment;
  const task = await parts.ledger.until(orderId, () => true, signal);
  if (role === "worker" || placeOf(task, role, parts.me)?.state !== "called") return true;
  const seedCommitment = seedCommitmentOf(
    { chainId: parts.ledger.chainId, orderId, attempt, verifier: parts.me },
    parts.secrets("seed", orderId, attempt),
  );
  await parts.ledger.transact({ kind: "accept", orderId, attempt, role, seedCommitment }, signal);
  return true;
}

async function canRepeat(
  parts: VerifierParts,
  { dispatch, task, assignment }: Parameters<typeof takeSeat>[1],
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const flaw = contractFlaw(dispatch.contract, task.order.work);
    if (flaw !== null) throw new RangeError(flaw);
    await fetchTask(parts.blobs, dispatch, { hints: holdersOf(task, parts.me), signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!(await declineAssignment(parts, assignment, signal))) throw error;
    const { orderId, role } = assignment;
    parts.log.warn("a seat was declined: the task cannot be checked here", {
      orderId,
      role,
      error,
    });
    return false;
  }
}
