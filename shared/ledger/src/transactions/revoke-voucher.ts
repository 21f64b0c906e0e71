import { type BodyOf, voucherHash } from "@meshwork/protocol";
import { accountOf, move, points } from "../purses.ts";
import { refuse } from "../refusal.ts";
import { checkVoucherLife } from "./register.ts";
import type { Rule } from "./rule.ts";

/**
 * Its issuer takes a voucher back, used up or not, known to the ledger or not yet. That leaves a record
 * until the voucher's end, even of one that was never given out: so it costs what an order costs.
 */
export const revokeVoucher: Rule<BodyOf<"revoke-voucher">> = {
  check({ sender, body: { voucher } }, { state, at }) {
    const { chainId, issuer, notAfter } = voucher;
    if (chainId !== state.head.chainId)
      return refuse("VOUCHER_FOREIGN", `the voucher is for ${chainId}, not of here`);
    if (issuer !== sender)
      return refuse("NOT_THE_ISSUER", `the voucher is by ${issuer}: only he can take it back`);
    // An ended voucher admits nobody; a record of it would never be asked for.
    const refusal = checkVoucherLife(notAfter, at.time);
    if (refusal !== null) return refusal;
    if (state.get("voucher", voucherHash(voucher))?.revoked)
      return refuse("VOUCHER_REVOKED", "the voucher was taken back before");
    const { submitPrice } = state.policy;
    const held = accountOf(state, sender).points;
    return held >= submitPrice
      ? null
      : refuse("INSUFFICIENT_POINTS", `this takes ${submitPrice} points; ${sender} holds ${held}`);
  },

  apply(draft, { id, sender, body: { voucher } }) {
    const { submitPrice } = draft.state.policy;
    move(
      draft,
      { from: points(sender), to: "burnt", amount: submitPrice },
      { rule: "voucher-revoked", inputs: { submitPrice }, evidence: id },
    );
    const hash = voucherHash(voucher);
    const used = draft.state.get("voucher", hash)?.used ?? 0;
    draft.put("voucher", { voucher: hash, used, notAfter: voucher.notAfter, revoked: true });
  },
};
