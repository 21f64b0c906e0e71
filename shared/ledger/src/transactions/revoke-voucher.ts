import { type BodyOf, voucherHash } from "@meshwork/protocol";
import { refuse } from "../refusal.ts";
import type { Rule } from "./rule.ts";

/** Its issuer takes a voucher back, used up or not, known to the ledger or not yet. */
export const revokeVoucher: Rule<BodyOf<"revoke-voucher">> = {
  check({ sender, body: { voucher } }, { state, at }) {
    const { chainId, issuer, notAfter } = voucher;
    if (chainId !== state.head.chainId)
      return refuse("VOUCHER_FOREIGN", `the voucher is for ${chainId}, not of here`);
    if (issuer !== sender)
      return refuse("NOT_THE_ISSUER", `the voucher is by ${issuer}: only he can take it back`);
    // An ended voucher admits nobody; a record of it would never be asked for.
    if (notAfter < at.time) return refuse("VOUCHER_EXPIRED", `the voucher ended at ${notAfter}`);
    return state.get("voucher", voucherHash(voucher))?.revoked
      ? refuse("VOUCHER_REVOKED", "the voucher was taken back before")
      : null;
  },

  apply(draft, { body: { voucher } }) {
    const hash = voucherHash(voucher);
    const used = draft.state.get("voucher", hash)?.used ?? 0;
    draft.put("voucher", { voucher: hash, used, notAfter: voucher.notAfter, revoked: true });
  },
};
