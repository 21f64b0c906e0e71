import { seatedVerifiers } from "@meshwork/protocol";
import type { Assignment } from "../assignment.ts";
import type { HiddenResult } from "./hide-result.ts";
import type { WorkerParts } from "./work.ts";

/** After the close: shows the verifiers what was committed, with the key of the output and the trace. */
export async function reveal(
  parts: Pick<WorkerParts, "ledger" | "mail" | "log">,
  { orderId, attempt }: Assignment,
  { reveal, outputKey, trace, transcript }: HiddenResult,
  signal: AbortSignal,
): Promise<void> {
  const task = await parts.ledger.until(orderId, (record) => record.closeHeight !== null, signal);
  const message = {
    kind: "reveal",
    orderId,
    attempt,
    reveal,
    outputKey,
    trace,
    transcript,
  } as const;
  const readers = [...seatedVerifiers(task).map(({ node }) => node), task.order.gateway];
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
