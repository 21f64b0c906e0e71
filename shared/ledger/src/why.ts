import type { Digest, NodeId, OrderId, TransactionId } from "@meshwork/foundation";

/** The rules that change points or reputation. */
export type Rule =
  | "register-price"
  | "voucher-grant"
  | "submit-price"
  | "escrow"
  | "refund"
  | "bond-staked"
  | "bond-returned"
  | "no-show"
  | "not-revealed"
  | "work-paid"
  | "verification-paid"
  | "vested"
  | "wrong-result"
  | "clean-verdict";

/** What may be named as the reason: a transaction, a task, a proof, a voucher. */
export type Evidence = TransactionId | OrderId | Digest;

/** Why somebody's points or reputation changed. Every change has one; none is made without. */
export interface Why {
  account: NodeId;
  /** Which of the account's purses, or its Q16 reputation. */
  of: "points" | "bonded" | "vesting" | "reputation";
  rule: Rule;
  delta: bigint;
  /** The numbers that the rule looked at. */
  inputs: Readonly<Record<string, string | number | bigint>>;
  evidence: Evidence;
}

export type Because = Pick<Why, "rule" | "inputs" | "evidence">;
