import type { OrderId } from "@meshwork/foundation";
import type { Genesis, Outcome } from "@meshwork/protocol";
import { verifyReceipt } from "@meshwork/verify";
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
