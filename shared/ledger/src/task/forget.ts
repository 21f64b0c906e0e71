import { limits, type NodeId } from "@meshwork/foundation";
import type { Draft } from "../draft.ts";
import { type Account, keyOf } from "../records.ts";

/** More than a block can add, so that what is over never piles up. */
const FORGOTTEN_PER_BLOCK = 2 * limits.transactionsPerBlock;

/**
 * What active time has overtaken goes: done tasks whose receipts had their time, yesterday's evidence,
 * and nodes that were registered and never used.
 */
export function forgetWhatIsOver(draft: Draft): void {
  let left = FORGOTTEN_PER_BLOCK;
  for (const { key, node } of draft.state.faded(draft.at.activeTime)) {
    if (left-- === 0) return;
    draft.forget(key);
    if (node !== null) forgetUnused(draft, node);
  }
}

/**
 * Its price is burnt. What never renewed holds no place and no seat, so only the account may still be
 * wanted: it stays while it holds anything, or will get anything back, or must not rise again.
 */
function forgetUnused(draft: Draft, id: NodeId): void {
  const account = draft.state.account(id);
  if (account !== undefined && isSpent(account)) draft.forget(keyOf("account", id));
  draft.events.push({ kind: "node", nodeId: id, change: "forgotten" });
}

const isSpent = ({ points, bonded, vesting, openOrders, barred }: Account): boolean =>
  points + bonded + vesting === 0n && openOrders === 0 && barred === null;
