import type { Digest, NodeId, OrderId, TransactionId } from "@meshwork/foundation";

/** The rules that change points, reputation or contribution. */
export type Rule =
  | "register-price"
  | "voucher-grant"
  | "voucher-revoked"
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
  | "work-contributed"
  | "verification-contributed"
  | "equivocation"
  | "equivocation-reported"
  | "clean-verdict"
  | "no-verdict"
  | "unjudged-paid"
  | "panel-paid"
  | "false-verdict"
  | "appeal-staked"
  | "appeal-upheld"
  | "appeal-lost"
  | "appeal-unheard"
  | "cancel-fee"
  | "accept-fee"
  | "key-revoked"
  | "inherited"
  | "false-samples"
  | "false-samples-reported";

/** What may be named as the reason: a transaction, a task, a proof, a voucher. */
export type Evidence = TransactionId | OrderId | Digest;

/** Why somebody's points, reputation or contribution changed. Every change has one; none is made without. */
export interface Why {
  account: NodeId;
  /** Which of the account's purses, or its reputation or contribution, both in Q16. */
  of: "points" | "bonded" | "vesting" | "reputation" | "contribution";
  rule: Rule;
  delta: bigint;
  /** The numbers that the rule looked at. */
  inputs: Readonly<Record<string, string | number | bigint>>;
  evidence: Evidence;
}

export type Because = Pick<Why, "rule" | "inputs" | "evidence">;
