import type { ProofRefusal } from "@meshwork/protocol";

/** Why a transaction is not applied. A value, not an error: refusing is everyday business. */
export interface Refusal {
  code: RefusalCode;
  /** What, which value, what to do. */
  reason: string;
}

export type RefusalCode =
  // Every kind.
  | "WRONG_CHAIN"
  | "EXPIRED"
  | "LIFETIME_TOO_LONG"
  | "UNKNOWN_SENDER"
  | "ALREADY_APPLIED"
  | "NONCE_CONFLICT"
  | "BAD_SIGNATURE"
  | "INSUFFICIENT_POINTS"
  | "NOT_A_NODE"
  | "IDENTITY_BARRED"
  // register
  | "SENDER_IS_NOT_KEY"
  | "ALREADY_REGISTERED"
  | "NOTHING_TO_HOLD"
  | "VOUCHER_REQUIRED"
  | "VOUCHER_NOT_NEEDED"
  | "VOUCHER_INVALID"
  | "VOUCHER_FOREIGN"
  | "VOUCHER_EXPIRED"
  | "VOUCHER_TOO_LONG"
  | "VOUCHER_USED_UP"
  | "VOUCHER_UNFUNDED"
  | "VOUCHER_REVOKED"
  | "ISSUER_BARRED"
  // recheck
  | "NO_CONTRADICTION"
  | "TOO_EARLY"
  // submit
  | "NOTHING_TO_COMPARE"
  // revoke-voucher
  | "NOT_THE_ISSUER"
  // rotate, revoke-key
  | "NO_RECOVERY_KEY"
  | "WRONG_RECOVERY_KEY"
  | "SAME_KEY"
  | "WRONG_KEY_VERSION"
  | "UNKNOWN_HEIR"
  // leave
  | "NO_LEASE"
  // renew
  | "UNKNOWN_BLOCK"
  | "RENEWED_TOO_SOON"
  | "WRONG_NEARNESS"
  | "INVALID_KEY"
  // delegate
  | "NOTHING_CONTRIBUTED"
  | "NOT_A_CANDIDATE"
  // govern
  | "NO_SEAT"
  | "ADOPTED_ALREADY"
  | "UNSOUND_PROPOSAL"
  // fault
  | "NO_FAULT"
  | "EVIDENCE_TOO_OLD"
  | "CONVICTED_ALREADY"
  // submit
  | "CEILING_TOO_LOW"
  | "DEADLINE_TOO_SHORT"
  // part
  | "NOT_MANDATED"
  // cancel
  | "NOT_THE_REQUESTER"
  | "RESULT_IS_OUT"
  // appeal
  | "NO_VERDICT"
  | "APPEALED_ALREADY"
  | "NOT_CONCERNED"
  // accept, decline, commit, prove, show, attest
  | "UNKNOWN_TASK"
  | "WRONG_PHASE"
  | "WRONG_ATTEMPT"
  | "NOT_CALLED"
  | "NOT_ACCEPTED"
  | "WRONG_ROLE"
  | "SEED_COMMITMENT"
  | "SAID_ALREADY"
  | "TOO_LATE"
  | "SUSPENDED"
  | ProofRefusal["code"];

export const refuse = (code: RefusalCode, reason: string): Refusal => ({ code, reason });

/**
 * What no honest node passes on, whatever block it stands at: a signature was checked for it, and is not
 * what it says. Who brings such again and again makes others work for nothing.
 */
const forgeries: ReadonlySet<string> = new Set<RefusalCode>([
  "BAD_SIGNATURE",
  "VOUCHER_INVALID",
  "NO_FAULT",
]);

export const isForgery = (code: string): boolean => forgeries.has(code);
