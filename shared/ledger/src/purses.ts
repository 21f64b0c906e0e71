import { assert, type NodeId, type Points } from "@meshwork/foundation";
import type { Draft } from "./draft.ts";
import type { Account } from "./records.ts";
import type { State } from "./state.ts";
import type { Because } from "./why.ts";

/**
 * Points lie in an account's purses, in the escrow of a task, or are burnt. They only ever move from
 * one of these to another, so their sum is what genesis made.
 */
export type Purse = "points" | "bonded" | "vesting";
export type Place = { account: NodeId; purse: Purse } | "escrow" | "burnt";

export const points = (account: NodeId): Place => ({ account, purse: "points" });
export const bonded = (account: NodeId): Place => ({ account, purse: "bonded" });
export const vesting = (account: NodeId): Place => ({ account, purse: "vesting" });

/** Whoever calls has checked that `from` holds `amount`; else the rule itself is wrong. */
export function move(
  draft: Draft,
  { from, to, amount }: { from: Place; to: Place; amount: bigint },
  because: Because,
): void {
  if (amount === 0n) return;
  assert(amount > 0n, `cannot move ${amount} points`);
  change(draft, { place: from, delta: -amount }, because);
  change(draft, { place: to, delta: amount }, because);
}

function change(
  draft: Draft,
  { place, delta }: { place: Place; delta: bigint },
  because: Because,
): void {
  if (typeof place === "string") {
    const sum = place === "escrow" ? "escrowed" : "burnt";
    const { head } = draft.state;
    draft.put("head", { ...head, [sum]: added(head[sum], delta) });
    return;
  }
  const account = accountOf(draft.state, place.account);
  draft.put("account", { ...account, [place.purse]: added(account[place.purse], delta) });
  draft.whys.push({ account: place.account, of: place.purse, delta, ...because });
}

function added(amount: bigint, delta: bigint): Points {
  assert(amount + delta >= 0n, `${-delta} points taken where ${amount} lie`);
  return (amount + delta) as Points;
}

export function accountOf(state: State, id: NodeId): Account {
  const account = state.account(id);
  assert(account !== undefined, `${id} has no account`);
  return account;
}

/** While an order or an appeal of his is open nobody is forgotten: the refund must have where to go. */
export function countOpenOrders(draft: Draft, payer: NodeId, by: 1 | -1): void {
  const account = accountOf(draft.state, payer);
  draft.put("account", { ...account, openOrders: account.openOrders + by });
}
