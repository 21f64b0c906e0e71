import type { PublicKey } from "@meshwork/foundation";
import { recoveryHashOf } from "@meshwork/protocol";
import type { Account } from "./records.ts";
import { type Refusal, refuse } from "./refusal.ts";

/** Whether this is the recovery key that the identity committed to. */
export function checkRecoveryKey(account: Account, recoveryKey: PublicKey): Refusal | null {
  const { nodeId, recoveryHash } = account;
  if (recoveryHash === null)
    return refuse(
      "NO_RECOVERY_KEY",
      `${nodeId} was funded by the genesis without a recovery key: its key can be neither replaced nor revoked`,
    );
  return recoveryHashOf(recoveryKey) === recoveryHash
    ? null
    : refuse("WRONG_RECOVERY_KEY", `${recoveryKey} is not the recovery key of ${nodeId}`);
}
