import { type BodyOf, mandatedOrder, slotNonce } from "@meshwork/protocol";
import { accountOf } from "../purses.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { Ground, Rule, Signed } from "./rule.ts";
import { checkOrder, takeOrder } from "./submit.ts";

type Part = BodyOf<"part">;

/**
 * An order that its requester has signed together with others, and that his gateway places. It is the
 * requester's in all that follows: he pays, he may revoke it, the result is his.
 */
export const part: Rule<Part> = {
  check(signed, ground) {
    const { mandate, contractHash } = signed.body;
    return (
      checkMandate(signed, ground) ??
      checkOrder(ground.state, mandate.requester, mandatedOrder(mandate, contractHash))
    );
  },

  checkOthers({ body: { mandate, signature } }, { state, checks }) {
    const { publicKey } = accountOf(state, mandate.requester);
    return checks.verifyMandate(publicKey, mandate, signature)
      ? null
      : refuse("BAD_SIGNATURE", `the mandate is not signed by the key of ${mandate.requester}`);
  },

  apply(draft, { id, body: { mandate, contractHash } }) {
    const order = mandatedOrder(mandate, contractHash);
    takeOrder(draft, { id, sender: mandate.requester, order });
  },
};

/**
 * The gateway has no say in nonce and lifetime: the nonce that stands for a slot is remembered until the
 * mandate ends, so no slot is taken twice, and a mandate costs what its slots cost.
 */
function checkMandate(
  { sender, nonce, notAfter, body }: Signed<Part>,
  { state }: Ground,
): Refusal | null {
  const { mandate, slot } = body;
  const { chainId, requester, order, orders } = mandate;
  const no = (reason: string) => refuse("NOT_MANDATED", reason);
  if (chainId !== state.head.chainId) return no(`the mandate is for network ${chainId}`);
  if (order.gateway !== sender) return no(`the mandate is ${order.gateway}'s, not ${sender}'s`);
  if (slot >= orders) return no(`slot ${slot} is beyond the ${orders} of the mandate`);
  if (notAfter !== mandate.notAfter) return no(`the mandate ends at ${mandate.notAfter}`);
  if (nonce !== slotNonce(mandate, slot)) return no(`nonce ${nonce} is not that of slot ${slot}`);
  const account = state.account(requester);
  if (account === undefined) return no(`the ledger knows no account ${requester}`);
  return account.barred === null
    ? null
    : refuse("IDENTITY_BARRED", `${requester} is ${account.barred} for good`);
}
