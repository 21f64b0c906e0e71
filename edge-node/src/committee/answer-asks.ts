import type { NodeId } from "@meshwork/foundation";
import { judgesOf, seatedVerifiers } from "@meshwork/protocol";
import { shownSoFar } from "./gather-reveals.ts";
import type { Verification, VerifierParts } from "./verify-task.ts";

/**
 * Passes reveals on to verifiers who were shown less, for as long as the task is being verified: a
 * worker who shows his result to some only cannot make them disagree. Each is passed on once.
 */
export function answerAsks(
  parts: Pick<VerifierParts, "mail" | "ledger" | "log">,
  verification: Verification,
): () => void {
  const { task, assignment, signal } = verification;
  const ended = new AbortController();
  const answered = new Set<string>();

  const answers = () => {
    const shown = shownSoFar(parts, verification);
    const open = asksOf(parts, verification).flatMap(({ from, worker }) => {
      const [reveal] = shown.get(worker) ?? [];
      const name = `${from} ${worker}`;
      return reveal === undefined || answered.has(name) ? [] : [{ from, reveal, name }];
    });
    return open.length > 0 ? open : null;
  };

  const run = async () => {
    const until = AbortSignal.any([signal, ended.signal]);
    for (;;) {
      for (const { from, reveal, name } of await parts.mail.until(task.orderId, answers, until)) {
        answered.add(name);
        void parts.mail.send(from, reveal).catch((error) =>
          parts.log.warn("a reveal was not passed on", {
            orderId: assignment.orderId,
            to: from,
            error,
          }),
        );
      }
    }
  };
  run().catch(() => {}); // It only ever ends by one of the two signals.
  return () => ended.abort(new Error("the task is verified"));
}

/** Of verifiers, and of a panel that was called since. */
function asksOf(
  { mail, ledger }: Pick<VerifierParts, "mail" | "ledger">,
  { task }: Verification,
): { from: NodeId; worker: NodeId }[] {
  const now = ledger.task(task.orderId) ?? task;
  const seated = new Set(
    [...seatedVerifiers(task), ...judgesOf(now).seats].map(({ node }) => node),
  );
  return mail
    .received(task.orderId, "ask")
    .filter(({ from, message }) => seated.has(from) && message.attempt === task.attempt)
    .flatMap(({ from, message }) => message.missing.map((worker) => ({ from, worker })));
}
