import { limits, type PublicKey } from "@meshwork/foundation";
import { type Transaction, type TransactionBody, transactionIdOf } from "@meshwork/protocol";
import type { Draft } from "./draft.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { nonceOf } from "./state.ts";
import { accept } from "./transactions/accept.ts";
import { appeal } from "./transactions/appeal.ts";
import { attest } from "./transactions/attest.ts";
import { cancel } from "./transactions/cancel.ts";
import { commit } from "./transactions/commit.ts";
import { decline } from "./transactions/decline.ts";
import { delegate } from "./transactions/delegate.ts";
import { fault } from "./transactions/fault.ts";
import { govern } from "./transactions/govern.ts";
import { leave } from "./transactions/leave.ts";
import { part } from "./transactions/part.ts";
import { prove } from "./transactions/prove.ts";
import { recheck } from "./transactions/recheck.ts";
import { register } from "./transactions/register.ts";
import { renew } from "./transactions/renew.ts";
import { revokeKey } from "./transactions/revoke-key.ts";
import { revokeVoucher } from "./transactions/revoke-voucher.ts";
import { rotate } from "./transactions/rotate.ts";
import type { Ground, Rule, Signed } from "./transactions/rule.ts";
import { show } from "./transactions/show.ts";
import { submit } from "./transactions/submit.ts";

const rules: { [K in TransactionBody["kind"]]: Rule<Extract<TransactionBody, { kind: K }>> } = {
  register,
  renew,
  submit,
  accept,
  decline,
  commit,
  prove,
  rotate,
  "revoke-key": revokeKey,
  leave,
  cancel,
  "revoke-voucher": revokeVoucher,
  show,
  attest,
  delegate,
  govern,
  fault,
  part,
  appeal,
  recheck,
};

const ruleFor = (body: TransactionBody): Rule<TransactionBody> =>
  rules[body.kind] as Rule<TransactionBody>;

/** Why this transaction may not be applied on this ground, or null. */
export function checkTransaction(transaction: Transaction, ground: Ground): Refusal | null {
  const signed = signedOf(transaction);
  return (
    checkLifetime(transaction, ground) ??
    checkReplay(transaction, signed, ground) ??
    checkSender(transaction, ground) ??
    ruleFor(signed.body).check(signed, ground) ??
    // These cost the most; and what others have signed only concerns somebody who is who he says.
    checkSignature(transaction, ground) ??
    ruleFor(signed.body).checkOthers?.(signed, ground) ??
    null
  );
}

/** Only after `checkTransaction` had nothing against it, on the same state. */
export function applyTransaction(draft: Draft, transaction: Transaction): void {
  const signed = signedOf(transaction);
  const { sender, nonce, notAfter } = transaction.unsigned;
  draft.put("nonce", { sender, nonce, transactionId: signed.id, notAfter });
  ruleFor(signed.body).apply(draft, signed);
}

function signedOf({ unsigned }: Transaction): Signed {
  const { sender, nonce, notAfter, body } = unsigned;
  return { id: transactionIdOf(unsigned), sender, nonce, notAfter, body };
}

function checkLifetime({ unsigned }: Transaction, { state, at }: Ground): Refusal | null {
  const { chainId } = state.head;
  if (unsigned.chainId !== chainId)
    return refuse("WRONG_CHAIN", `this transaction is for ${unsigned.chainId}, not ${chainId}`);
  if (unsigned.notAfter < at.time)
    return refuse("EXPIRED", `notAfter ${unsigned.notAfter} is before the block's ${at.time}`);
  if (unsigned.notAfter > at.time + limits.transactionLifetimeMs)
    return refuse(
      "LIFETIME_TOO_LONG",
      `notAfter ${unsigned.notAfter} is more than ${limits.transactionLifetimeMs} ms ahead`,
    );
  return null;
}

function checkReplay({ unsigned }: Transaction, { id }: Signed, { state }: Ground): Refusal | null {
  const { sender, nonce } = unsigned;
  const known = nonceOf(state, sender, nonce);
  if (known === undefined) return null;
  return known.transactionId === id
    ? refuse("ALREADY_APPLIED", `transaction ${id} stands on the ledger`)
    : refuse("NONCE_CONFLICT", `${sender} used nonce ${nonce} for ${known.transactionId}`);
}

function checkSender(transaction: Transaction, ground: Ground): Refusal | null {
  const { sender } = transaction.unsigned;
  if (senderKeyOf(transaction, ground) === undefined)
    return refuse("UNKNOWN_SENDER", `${sender} has no account: register first`);
  const barred = ground.state.account(sender)?.barred ?? null;
  return barred === null
    ? null
    : refuse("IDENTITY_BARRED", `${sender} is ${barred} for good: go on under a new key`);
}

function checkSignature(transaction: Transaction, ground: Ground): Refusal | null {
  const key = senderKeyOf(transaction, ground);
  return key !== undefined && ground.checks.verifyTransaction(key, transaction)
    ? null
    : refuse("BAD_SIGNATURE", `the signature is not by the key of ${transaction.unsigned.sender}`);
}

/**
 * A newcomer is not on the ledger yet: the key that he registers is his. Who revokes a key may have
 * lost it: his recovery key signs, which the rule holds against its hash.
 */
function senderKeyOf({ unsigned }: Transaction, { state }: Ground): PublicKey | undefined {
  const { sender, body } = unsigned;
  const known = state.account(sender)?.publicKey;
  if (known === undefined) return body.kind === "register" ? body.publicKey : undefined;
  return body.kind === "revoke-key" ? body.recoveryKey : known;
}
