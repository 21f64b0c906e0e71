import type { Digest, OrderId } from "@meshwork/foundation";
import type { Genesis, Outcome } from "@meshwork/protocol";
import { verifyJobReceipt, verifyReceipt } from "@meshwork/verify";
import type { JobState } from "../job-views.ts";
import { ClientError } from "./client-error.ts";

/** The server may say what it likes: the receipt must prove it. */
export function requireProof(
  receipt: Uint8Array,
  against: { genesis: Genesis; now: number },
  told: { orderId: OrderId; outcome: Outcome; resultHash: string },
): void {
  const check = verifyReceipt(receipt, against);
  const found = check.ok
    ? `it proves ${check.outcome} of ${check.orderId} with result ${check.result?.resultHash}`
    : `${check.code}: ${check.reason}`;
  const proves =
    check.ok &&
    check.orderId === told.orderId &&
    check.outcome === told.outcome &&
    check.result?.resultHash === told.resultHash;
  if (!proves)
    throw new ClientError(
      "RECEIPT_INVALID",
      `the receipt does not prove that order ${told.orderId} ended ${told.outcome} with result ${told.resultHash} (${found}): ask another gateway, and check the genesis`,
      { detail: { ...told, found } },
    );
}

/** The server may say what it likes of the job that was asked for: its receipt must prove it, part by part. */
export function requireJobProof(
  receipt: Uint8Array,
  against: { genesis: Genesis; now: number },
  { jobId, state: { parts, reduce } }: { jobId: Digest; state: Pick<JobState, "parts" | "reduce"> },
): void {
  const check = verifyJobReceipt(receipt, against);
  const isAs = (told: Told, proved: Told | undefined) =>
    told.resultHash === proved?.resultHash && told.outcome === proved.outcome;
  const agrees =
    check.ok &&
    check.jobId === jobId &&
    check.parts.length === parts.length &&
    parts.every((part, i) => isAs(part, check.parts[i])) &&
    (reduce === null ? check.reduce === null : isAs(reduce, check.reduce ?? undefined));
  if (agrees) return;
  const found = check.ok ? "it proves other results" : `${check.code}: ${check.reason}`;
  throw new ClientError(
    "RECEIPT_INVALID",
    `the receipt does not prove what the server says of job ${jobId} (${found}): ask another gateway, and check the genesis`,
    { detail: { found } },
  );
}

type Told = Pick<JobState["parts"][number], "resultHash" | "outcome">;
