import { isPublicKey } from "@meshwork/crypto";
import type { BodyOf } from "@meshwork/protocol";
import { accountOf } from "../purses.ts";
import { checkRecoveryKey } from "../recovery.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { State } from "../state.ts";
import type { Ground, Rule, Signed } from "./rule.ts";

type Rotate = BodyOf<"rotate">;

/**
 * A new key for an old name. It takes both keys: who has stolen one alone can change nothing. Places
 * that the node holds already keep the key under which it was called.
 */
export const rotate: Rule<Rotate> = {
  check(signed, { state }: Ground) {
    const { sender, body } = signed;
    const account = accountOf(state, sender);
    return (
      checkRecoveryKey(account, body.recoveryKey) ??
      checkNewKey(body, account.publicKey) ??
      checkNode(signed, state)
    );
  },

  checkOthers({ sender, nonce, body }, { state, checks }) {
    const { chainId } = state.head;
    return checks.verifyConsent({ chainId, sender, nonce }, body)
      ? null
      : refuse("BAD_SIGNATURE", `the recovery key of ${sender} has not signed this rotation`);
  },

  apply(draft, { sender, body }) {
    const account = accountOf(draft.state, sender);
    const { newKey, nextRecoveryHash } = body;
    draft.put("account", { ...account, publicKey: newKey, recoveryHash: nextRecoveryHash });
    const node = draft.state.node(sender);
    if (node !== undefined && body.node !== null) draft.put("node", { ...node, ...body.node });
    draft.events.push({ kind: "node", nodeId: sender, change: "rotated" });
  },
};

function checkNewKey({ newKey, recoveryKey }: Rotate, current: string): Refusal | null {
  if (!isPublicKey(newKey)) return refuse("INVALID_KEY", `${newKey} is no point of the SM2 curve`);
  return newKey === current || newKey === recoveryKey
    ? refuse("SAME_KEY", "the new key must be neither the old one nor the recovery key")
    : null;
}

function checkNode({ sender, body }: Signed<Rotate>, state: State): Refusal | null {
  const node = state.node(sender);
  if ((node === undefined) !== (body.node === null))
    return refuse("NOT_A_NODE", `a transport key is named exactly if ${sender} runs a node`);
  if (node === undefined || body.node?.keyVersion === node.keyVersion + 1) return null;
  return refuse(
    "WRONG_KEY_VERSION",
    `the next key version of ${sender} is ${node.keyVersion + 1}, not ${body.node?.keyVersion}`,
  );
}
