import type { NodeId } from "@meshwork/foundation";
import {
  closedSet,
  commitmentOf,
  judgesOf,
  seatedVerifiers,
  type TaskMessageOf,
  type TaskPlace,
} from "@meshwork/protocol";
import { whileTimeLasts } from "../time-limit.ts";
import type { Verification, VerifierParts } from "./verify-task.ts";

type RevealMessage = TaskMessageOf<"reveal">;

/**
 * What a worker showed, held against his commitment. It binds the result, but neither the key that
 * opens it nor the trace's address: a letter of the worker himself stands alone; where none has come,
 * there is one of each who brought it, and one of them is true if any is.
 */
export type Shown = ReadonlyMap<NodeId, readonly RevealMessage[]>;

/**
 * Waits until every worker of the closed set has shown what he committed to; asks the other verifiers
 * for what is late; and goes on without it when a quarter of the time for the verdict is gone. What
 * others bring ends no waiting: it may be the true reveal with a key that opens nothing.
 */
export async function gatherReveals(
  parts: Pick<VerifierParts, "me" | "mail" | "ledger" | "clock" | "log">,
  verification: Verification,
): Promise<Shown> {
  const { task, assignment, signal } = verification;
  const { orderId, attempt } = assignment;
  const all = () =>
    missingIn(parts, verification).length === 0 ? shownSoFar(parts, verification) : null;
  const waitMs = task.order.deadlines.deliverMs / 8;
  const wait = () =>
    whileTimeLasts(parts.clock, waitMs, signal, (until) => parts.mail.until(orderId, all, until));

  const inTime = await wait();
  if (inTime !== null) return inTime;
  const missing = missingIn(parts, verification);
  // Who sits on a panel asks the verifiers before him too: they were shown it first.
  const asked = new Set(
    [...seatedVerifiers(task), ...judgesOf(task).seats].map(({ node }) => node),
  );
  for (const node of asked) {
    if (node === parts.me) continue;
    void parts.mail
      .send(node, { kind: "ask", orderId, attempt, missing })
      .catch((error) =>
        parts.log.warn("a verifier could not be asked", { orderId, to: node, error }),
      );
  }
  return (await wait()) ?? shownSoFar(parts, verification);
}

type Reading = Pick<VerifierParts, "mail" | "ledger">;

/** Workers of the closed set of whom no letter of their own has come. */
const missingIn = (parts: Reading, verification: Verification): NodeId[] =>
  closedSet(verification.task)
    .filter((place) =>
      openingsOf(parts, verification, place).every(({ from }) => from !== place.node),
    )
    .map(({ node }) => node);

export function shownSoFar(parts: Reading, verification: Verification): Shown {
  const shown = new Map<NodeId, readonly RevealMessage[]>();
  for (const place of closedSet(verification.task)) {
    const openings = openingsOf(parts, verification, place);
    const own = openings.filter(({ from }) => from === place.node);
    const bySender = new Map((own.length > 0 ? own : openings).map((one) => [one.from, one]));
    if (bySender.size > 0)
      shown.set(
        place.node,
        [...bySender.values()].map(({ message }) => message),
      );
  }
  return shown;
}

/** Letters that open this place's commitment. */
function openingsOf(
  { mail, ledger }: Reading,
  { assignment: { orderId, attempt } }: Verification,
  { node, commitment }: TaskPlace,
) {
  return mail
    .received(orderId, "reveal")
    .filter(
      ({ message: { reveal } }) =>
        reveal.worker === node &&
        commitmentOf(ledger.chainId, orderId, attempt, reveal) === commitment,
    );
}
