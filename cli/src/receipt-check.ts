import { systemClock } from "@meshwork/foundation";
import type { Genesis } from "@meshwork/protocol";
import {
  type ReceiptCheck,
  type Refusal,
  type VerifiedJob,
  type VerifiedReceipt,
  verifyJobReceipt,
  verifyReceipt,
} from "@meshwork/verify";
import { CliError } from "./cli-error.ts";

/** What a receipt of long ago needs beside the genesis. */
export type ReceiptSupport = Pick<ReceiptCheck, "handOver" | "checkpoint">;

/**
 * Believes nothing but the genesis, and the checkpoint where one is given. Throws RECEIPT_INVALID, with the rule
 * that does not hold.
 */
export function checkReceipt(
  receipt: Uint8Array,
  genesis: Genesis,
  support: ReceiptSupport = {},
): VerifiedReceipt {
  return believed(verifyReceipt(receipt, { ...support, genesis, now: systemClock.now() }));
}

/** The same for a job's. */
export const checkJobReceipt = (
  receipt: Uint8Array,
  genesis: Genesis,
  support: ReceiptSupport = {},
): VerifiedJob =>
  believed(verifyJobReceipt(receipt, { ...support, genesis, now: systemClock.now() }));

function believed<T extends { ok: true }>(check: T | Refusal): T {
  if (!("code" in check)) return check;
  if (check.code === "WRONG_EPOCH" || check.code === "NO_CHECKPOINT")
    throw new CliError(
      "RECEIPT_INVALID",
      `what leads from the genesis to this receipt's committee is not all here (${check.reason}): ` +
        "make a file of it on any node by meshwork receipt hand-overs, and name it by --hand-overs",
      { detail: { rule: check.code } },
    );
  throw new CliError(
    "RECEIPT_INVALID",
    `this receipt proves nothing (${check.code}): ${check.reason}; ask for it anew, or check it against the genesis of its own network`,
    { detail: { rule: check.code } },
  );
}
