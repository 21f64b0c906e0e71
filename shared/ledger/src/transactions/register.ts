import { isPublicKey, nodeIdOf } from "@meshwork/crypto";
import { type Digest, limits, type NodeId, type Points } from "@meshwork/foundation";
import { type BodyOf, voucherHash } from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { accountOf, move, points } from "../purses.ts";
import type { Account, NodeState } from "../records.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { ONE, reputationEpochAt } from "../reputation.ts";
import type { State } from "../state.ts";
import type { Ground, Rule, Signed } from "./rule.ts";

type Register = BodyOf<"register">;
type Admission = NonNullable<Register["admission"]>;

/** Opens an account, and with it a node if a transport key comes along. */
export const register: Rule<Register> = {
  check(signed, ground) {
    return checkIdentity(signed, ground) ?? checkAdmission(signed, ground);
  },

  checkOthers({ body: { publicKey, admission } }, { state, checks }) {
    if (admission === null) return null;
    const { voucher, signature } = admission;
    const { issuer } = voucher.body;
    if (!checks.verifyVoucher(accountOf(state, issuer).publicKey, voucher))
      return refuse("VOUCHER_INVALID", `${issuer} has not signed this voucher`);
    if (!checks.verifyAdmission(voucher.body, publicKey, signature))
      return refuse("VOUCHER_INVALID", `the voucher's key has not admitted ${publicKey}`);
    return null;
  },

  apply(draft, { id, sender, body }) {
    const { policy } = draft.state;
    const known = draft.state.account(sender);
    const isNew = known === undefined;
    const vouchedBy = body.admission?.voucher.body.issuer ?? null;
    const operator = isNew ? operatorUnder(draft.state, vouchedBy) : known.operator;
    if (isNew) openAccount(draft, sender, { ...body, vouchedBy, operator });
    if (body.admission !== null) useVoucher(draft, sender, { admission: body.admission, id });
    if (isNew)
      move(
        draft,
        { from: points(sender), to: "burnt", amount: policy.registerPrice },
        { rule: "register-price", inputs: { price: policy.registerPrice }, evidence: id },
      );
    if (body.node !== null) draft.put("node", newNode(draft, sender, { ...body.node, operator }));
    draft.events.push({ kind: "node", nodeId: sender, change: "registered" });
  },
};

function checkIdentity({ sender, body }: Signed<Register>, { state }: Ground): Refusal | null {
  const account = state.account(sender);
  if (account === undefined) {
    if (!isPublicKey(body.publicKey))
      return refuse("INVALID_KEY", `${body.publicKey} is no point of the SM2 curve`);
    return nodeIdOf(body.publicKey) === sender
      ? null
      : refuse("SENDER_IS_NOT_KEY", `${sender} is not the name of the key ${body.publicKey}`);
  }
  if (account.publicKey !== body.publicKey)
    return refuse("SENDER_IS_NOT_KEY", `the key of ${sender} is ${account.publicKey}`);
  if (body.node === null || state.node(sender) !== undefined)
    return refuse("ALREADY_REGISTERED", `${sender} is registered: renew instead`);
  return null;
}

function checkAdmission(signed: Signed<Register>, ground: Ground): Refusal | null {
  const { sender, body } = signed;
  const { state } = ground;
  const { admission, registerPrice } = state.policy;
  if (state.account(sender) !== undefined)
    return body.admission === null
      ? null
      : refuse("VOUCHER_NOT_NEEDED", `${sender} has an account: register the node without voucher`);
  if (body.admission === null) {
    if (admission === "vouched")
      return refuse(
        "VOUCHER_REQUIRED",
        "this network admits by voucher: ask a member for an invite",
      );
    // What never holds a point and runs no node is never forgotten: it must cost something.
    if (body.node === null)
      return refuse(
        "NOTHING_TO_HOLD",
        "an account without points needs a node: name a transport key, or use a voucher",
      );
    return registerPrice === 0n
      ? null
      : refuse("INSUFFICIENT_POINTS", `to register costs ${registerPrice} points: use a voucher`);
  }
  return checkVoucher(body.admission, ground);
}

function checkVoucher({ voucher }: Admission, { state, at }: Ground): Refusal | null {
  const { chainId, issuer, grant, uses, notAfter } = voucher.body;
  const issuerAccount = state.account(issuer);
  if (chainId !== state.head.chainId || issuerAccount === undefined)
    return refuse("VOUCHER_FOREIGN", `the voucher is for ${chainId}, by ${issuer}: not of here`);
  const refusal = checkVoucherLife(notAfter, at.time);
  if (refusal !== null) return refusal;
  const barred = barredVoucher(state, issuerAccount);
  if (barred !== null)
    return refuse("ISSUER_BARRED", `${barred} answers for this voucher and is no member any more`);
  const known = state.get("voucher", voucherHash(voucher.body));
  if (known?.revoked)
    return refuse("VOUCHER_REVOKED", `${issuer} took this voucher back: ask for a new invite`);
  if ((known?.used ?? 0) >= uses)
    return refuse("VOUCHER_USED_UP", `all ${uses} uses are spent: ask for a new invite`);
  if (issuerAccount.points < grant || grant < state.policy.registerPrice)
    return refuse(
      "VOUCHER_UNFUNDED",
      `a grant of ${grant} must cover the price ${state.policy.registerPrice}, and ${issuer} holds ${issuerAccount.points}`,
    );
  return null;
}

/** What is remembered of a voucher must end, and soon enough. */
export function checkVoucherLife(notAfter: number, time: number): Refusal | null {
  if (notAfter < time)
    return refuse("VOUCHER_EXPIRED", `the voucher ended at ${notAfter}: ask for a new invite`);
  return notAfter - time > limits.voucherLifetimeMs
    ? refuse(
        "VOUCHER_TOO_LONG",
        `the voucher ends at ${notAfter}, more than ${limits.voucherLifetimeMs} ms ahead: ask for a shorter invite`,
      )
    : null;
}

/** A chain of vouchers is as long as this at most; then it does not lead to the genesis. */
const MAX_CHAIN = 16;

/** Who in the chain from an issuer up to the genesis is dead for good; null if nobody is. */
function barredVoucher(state: State, issuer: Account): NodeId | null {
  let account: Account | undefined = issuer;
  for (let links = 0; links < MAX_CHAIN; links++) {
    if (account === undefined || account.barred !== null) return account?.nodeId ?? issuer.nodeId;
    // Members of the genesis answer for themselves; in an open network nobody answers for a stranger.
    if (account.vouchedBy === null) return null;
    account = state.account(account.vouchedBy);
  }
  return issuer.nodeId;
}

/**
 * Who answers for whom an issuer lets in: the first link of the chain below the genesis, and above it the
 * genesis's own. Were it the issuer, whoever was let in once could let himself in again and again, and be
 * as many operators as he likes.
 */
function operatorUnder(state: State, issuer: NodeId | null): NodeId | null {
  if (issuer === null) return null;
  const { vouchedBy, operator } = accountOf(state, issuer);
  const isFirst = vouchedBy === null || state.account(vouchedBy)?.vouchedBy === null;
  return isFirst ? issuer : operator;
}

function openAccount(
  draft: Draft,
  nodeId: NodeId,
  {
    publicKey,
    recoveryHash,
    vouchedBy,
    operator,
  }: Register & Pick<Account, "vouchedBy" | "operator">,
): void {
  const nothing = 0n as Points;
  const purses = { points: nothing, bonded: nothing, vesting: nothing };
  const account = { nodeId, publicKey, recoveryHash, ...purses, vouchedBy, operator };
  draft.put("account", { ...account, openOrders: 0, barred: null });
}

function useVoucher(
  draft: Draft,
  newcomer: NodeId,
  { admission, id }: { admission: Admission; id: Signed["id"] },
): void {
  const { body } = admission.voucher;
  const voucher: Digest = voucherHash(body);
  const used = (draft.state.get("voucher", voucher)?.used ?? 0) + 1;
  draft.put("voucher", { voucher, used, notAfter: body.notAfter, revoked: false });
  move(
    draft,
    { from: points(body.issuer), to: points(newcomer), amount: body.grant },
    { rule: "voucher-grant", inputs: { voucher, used, of: body.uses }, evidence: id },
  );
}

/** Nothing is known of it yet, so it is on probation; it is drawn after its first `renew`. */
function newNode(
  draft: Draft,
  nodeId: NodeId,
  given: Pick<NodeState, "operator" | "transportKey" | "keyVersion">,
): NodeState {
  return {
    nodeId,
    ...given,
    lease: null,
    assigned: 0,
    availability: ONE,
    successes: 0,
    failures: 0,
    reputationEpoch: reputationEpochAt(draft.at.activeTime),
    clean: 0,
    suspensions: 0,
    suspendedUntil: 0,
    unusedUntil: draft.at.activeTime + draft.state.policy.unusedMs,
    eligibleSince: null,
  };
}
