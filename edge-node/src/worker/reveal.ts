import type { NodeId } from "@meshwork/foundation";
import { seatedPanel, seatedVerifiers, sittingPanel, type TaskRecord } from "@meshwork/protocol";
import type { Assignment } from "../assignment.ts";
import type { HiddenResult } from "./hide-result.ts";
import type { WorkerParts } from "./work.ts";

type Revealing = Pick<WorkerParts, "ledger" | "mail" | "log">;

/** After the close: shows the verifiers what was committed, with the key of the output and the trace. */
export async function reveal(
  parts: Revealing,
  assignment: Assignment,
  result: HiddenResult,
  signal: AbortSignal,
): Promise<void> {
  const { orderId } = assignment;
  const task = await parts.ledger.until(orderId, (record) => record.closeHeight !== null, signal);
  const verifiers = seatedVerifiers(task).map(({ node }) => node);
  await show(parts, assignment, result, [...verifiers, task.order.gateway]);
}

/** Should a panel ever sit, its members are shown the same; the signal ends the waiting. */
export async function revealToPanel(
  parts: Revealing,
  assignment: Assignment,
  result: HiddenResult,
  signal: AbortSignal,
): Promise<void> {
  const sits = (record: TaskRecord) => sittingPanel(record)?.verdictDeadline != null;
  const task = await parts.ledger.until(assignment.orderId, sits, signal);
  const panel = sittingPanel(task);
  const members = panel === null ? [] : seatedPanel(panel).map(({ node }) => node);
  await show(parts, assignment, result, members);
}

async function show(
  parts: Revealing,
  { orderId, attempt }: Assignment,
  { reveal, outputKey, trace, transcript }: HiddenResult,
  readers: readonly NodeId[],
): Promise<void> {
  const message = {
    kind: "reveal",
    orderId,
    attempt,
    reveal,
    outputKey,
    trace,
    transcript,
  } as const;
  await Promise.allSettled(
    readers.map((reader) =>
      parts.mail.send(reader, message).catch((error) => {
        parts.log.warn("a verifier could not be shown the result", {
          orderId,
          verifier: reader,
          error,
        });
      }),
    ),
  );
}
