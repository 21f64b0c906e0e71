import type { BodyOf } from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { accountOf, move, points, vesting } from "../purses.ts";
import { checkRecoveryKey } from "../recovery.ts";
import { refuse } from "../refusal.ts";
import type { Rule, Signed } from "./rule.ts";

type RevokeKey = BodyOf<"revoke-key">;

/**
 * The end of an identity, by its recovery key alone. Free points go to the heir whom that key names;
 * what is vesting is burnt, or a cheat could save it before he is caught; what is staked stays staked.
 * Open places are lost by their deadlines, as when a node falls silent.
 */
export const revokeKey: Rule<RevokeKey> = {
  check({ sender, body: { recoveryKey, heir } }, { state }) {
    const refusal = checkRecoveryKey(accountOf(state, sender), recoveryKey);
    if (refusal !== null || heir === null) return refusal;
    const account = state.account(heir);
    return account === undefined || account.barred !== null || heir === sender
      ? refuse("UNKNOWN_HEIR", `${heir} is no other living account: name one, or null`)
      : null;
  },

  apply(draft, signed) {
    const { sender } = signed;
    emptyPurses(draft, signed);
    draft.put("account", { ...accountOf(draft.state, sender), barred: "revoked" });
    const node = draft.state.node(sender);
    if (node !== undefined) draft.put("node", { ...node, lease: null });
    draft.events.push({ kind: "node", nodeId: sender, change: "revoked" });
  },
};

function emptyPurses(draft: Draft, { id, sender, body: { heir } }: Signed<RevokeKey>): void {
  const account = accountOf(draft.state, sender);
  move(
    draft,
    { from: vesting(sender), to: "burnt", amount: account.vesting },
    { rule: "key-revoked", inputs: { vesting: account.vesting }, evidence: id },
  );
  if (heir === null) return;
  move(
    draft,
    { from: points(sender), to: points(heir), amount: account.points },
    { rule: "inherited", inputs: { from: sender, to: heir }, evidence: id },
  );
}
