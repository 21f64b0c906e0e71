import { systemClock } from "@meshwork/foundation";
import type { Genesis } from "@meshwork/protocol";
import { type VerifiedReceipt, verifyReceipt } from "@meshwork/verify";
import { CliError } from "./cli-error.ts";

/** Believes nothing but the genesis. Throws RECEIPT_INVALID, with the rule that does not hold. */
export function checkReceipt(receipt: Uint8Array, genesis: Genesis): VerifiedReceipt {
  const check = verifyReceipt(receipt, { genesis, now: systemClock.now() });
  if (check.ok) return check;
  throw new CliError(
    "RECEIPT_INVALID",
    `this receipt proves nothing (${check.code}): ${check.reason}; ask for it anew, or check it against the genesis of its own network`,
    { detail: { rule: check.code } },
  );
}
