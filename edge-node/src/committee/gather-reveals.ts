import type { NodeId } from "@meshwork/foundation";
import { closedSet, commitmentOf, seatedVerifiers, type TaskMessageOf } from "@meshwork/protocol";
import { whileTimeLasts } from "../time-limit.ts";
import type { Verification, VerifierParts } from "./verify-task.ts";

/** What a worker showed, held against his commitment. */
export type Shown = ReadonlyMap<NodeId, TaskMessageOf<"reveal">>;

/**
 * Waits until every worker of the closed set has shown what he committed to; asks the other verifiers
 * for what is late; and goes on without it when a quarter of the time for the verdict is gone. It does
 * not matter who brings a reveal: the commitment on the ledger says whether it is the worker's.
 */
export async function gatherReveals(
  parts: Pick<VerifierParts, "me" | "mail" | "ledger" | "clock" | "log">,
  verification: Verification,
): Promise<Shown> {
  const { task, assignment, signal } = verification;
  const { orderId, attempt } = assignment;
  const all = () => {
    const shown = shownSoFar(parts, verification);
    return shown.size === closedSet(task).length ? shown : null;
  };
  const waitMs = task.order.deadlines.deliverMs / 8;
  const wait = () =>
    whileTimeLasts(parts.clock, waitMs, signal, (until) => parts.mail.until(orderId, all, until));

  const inTime = await wait();
  if (inTime !== null) return inTime;
  const shown = shownSoFar(parts, verification);
  const missing = closedSet(task).flatMap(({ node }) => (shown.has(node) ? [] : [node]));
  for (const { node } of seatedVerifiers(task)) {
    if (node === parts.me) continue;
    void parts.mail
      .send(node, { kind: "ask", orderId, attempt, missing })
      .catch((error) =>
        parts.log.warn("a verifier could not be asked", { orderId, to: node, error }),
      );
  }
  return (await wait()) ?? shownSoFar(parts, verification);
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
