import type { NodeId } from "@meshwork/foundation";
import { closedSet, commitmentOf, type TaskMessageOf } from "@meshwork/protocol";
import { whileTimeLasts } from "../time-limit.ts";
import type { Verification, VerifierParts } from "./verify-task.ts";

/** What a worker showed, held against his commitment. */
export type Shown = ReadonlyMap<NodeId, TaskMessageOf<"reveal">>;

/**
 * Waits until every worker of the closed set has shown what he committed to, or a quarter of the time
 * for the verdict is gone. It does not matter who brings a reveal: the commitment on the ledger says
 * whether it is the worker's.
 */
export async function gatherReveals(
  parts: Pick<VerifierParts, "mail" | "ledger" | "clock">,
  verification: Verification,
): Promise<Shown> {
  const { task, signal } = verification;
  const expected = closedSet(task).length;
  const all = () => {
    const shown = shownSoFar(parts, verification);
    return shown.size === expected ? shown : null;
  };
  const waitMs = task.order.deadlines.deliverMs / 4;
  const complete = await whileTimeLasts(parts.clock, waitMs, signal, (until) =>
    parts.mail.until(task.orderId, all, until),
  );
  return complete ?? shownSoFar(parts, verification);
}

export function shownSoFar(
  { mail, ledger }: Pick<VerifierParts, "mail" | "ledger">,
  { task, assignment: { orderId, attempt } }: Verification,
): Shown {
  const letters = mail.received(orderId, "reveal").map(({ message }) => message);
  const shown = new Map<NodeId, TaskMessageOf<"reveal">>();
  for (const { node, commitment } of closedSet(task)) {
    const opening = letters.find(
      ({ reveal }) =>
        reveal.worker === node &&
        commitmentOf(ledger.chainId, orderId, attempt, reveal) === commitment,
    );
    if (opening !== undefined) shown.set(node, opening);
  }
  return shown;
}
