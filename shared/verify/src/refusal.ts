import type { ProofRefusal } from "@meshwork/protocol";

/** Why something is not believed. A value: to be shown a forgery is no error of the checker. */
export interface Refusal {
  ok: false;
  code: RefusalCode;
  /** What does not hold, and for which value. */
  reason: string;
}

export type RefusalCode =
  | "NOT_A_RECEIPT"
  | "NOT_A_CLAIM"
  | "WRONG_COMMITTEE"
  | "WRONG_CHAIN"
  | "NO_CHECKPOINT"
  | "WRONG_CHECKPOINT"
  | "WRONG_EPOCH"
  | "WRONG_BLOCK"
  | "NO_QUORUM"
  | "NOT_NEWER"
  | "WRONG_PARENT"
  | "WRONG_ORDER"
  | "BAD_ORDER_SIGNATURE"
  | "NOT_IN_STATE"
  | "NOT_DONE"
  | "PROOF_MISSING"
  | "PROOF_UNEXPECTED"
  | "WRONG_PROOF"
  | "WRONG_CONCLUSION"
  // A job's receipt.
  | "NOT_A_JOB_RECEIPT"
  | "WRONG_JOB"
  | "WRONG_ROOT"
  | "WRONG_PART"
  | "WRONG_OUTPUT_SIZE"
  | "TOO_MANY_FAILURES"
  | "REDUCTION_MISSING"
  | "REDUCTION_UNEXPECTED"
  | "REDUCTION_FAILED"
  | ProofRefusal["code"];

export const refuse = (code: RefusalCode, reason: string): Refusal => ({ ok: false, code, reason });
