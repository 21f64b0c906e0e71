import { assert } from "@meshwork/foundation";
import type { NetworkPolicy } from "@meshwork/protocol";
import { settleContributions } from "./contribution.ts";
import type { Draft } from "./draft.ts";
import { electCommittee } from "./elect-committee.ts";
import { keyOf } from "./records.ts";
import type { State } from "./state.ts";

/**
 * How one epoch gives way to the next. At the first block whose active time reaches the epoch's end the
 * next committee is elected; `handOverBlocks` heights later it takes over. In between blocks are owed at
 * an even pace, so that who comes in can catch up.
 */

/** Part of what is due at a block. */
export function electIfDue(draft: Draft): void {
  const { epoch, policy, head } = draft.state;
  const { height, activeTime } = draft.at;
  if (epoch.lastHeight !== null || activeTime < epoch.start + policy.epochMs) return;
  draft.put("committee", electCommittee(draft.state, { beacon: head.beacon, activeTime }));
  draft.put("epoch", { ...epoch, lastHeight: height + policy.handOverBlocks });
  draft.events.push({ kind: "epoch", change: "elected", epoch: epoch.number + 1 });
}

/** The last thing that an epoch's last block does: after it, all is of the next. */
export function handOverIfLast(draft: Draft): void {
  const { epoch, committee, nextCommittee } = draft.state;
  if (epoch.lastHeight !== draft.at.height) return;
  assert(nextCommittee !== null, `epoch ${epoch.number} ends without an election`);
  const { adopted } = epoch;
  for (const { node } of committee.seats)
    if (draft.state.get("stance", node)) draft.forget(keyOf("stance", node));
  carryProposers(draft);
  if (adopted !== null) {
    if (adopted.policy.contributionKept !== draft.state.policy.contributionKept)
      settleContributions(draft, nextCommittee.epoch);
    draft.put("policy", adopted.policy);
  }
  draft.put("epoch", {
    number: nextCommittee.epoch,
    start: draft.at.activeTime,
    lastHeight: null,
    protocolVersion: adopted?.protocolVersion ?? epoch.protocolVersion,
    adopted: null,
  });
  draft.events.push({ kind: "epoch", change: "begun", epoch: nextCommittee.epoch });
}

/** Who keeps a seat keeps the height that it last proposed, so that draws need not wait anew. */
function carryProposers(draft: Draft): void {
  const { head, committee, nextCommittee } = draft.state;
  const before = new Map(committee.seats.map(({ node }, seat) => [node, head.lastProposed[seat]]));
  const seats = nextCommittee?.seats ?? [];
  draft.put("head", { ...head, lastProposed: seats.map(({ node }) => before.get(node) ?? 0) });
}

/** Between two blocks from the election to the end of the epoch. */
const paceMs = (policy: NetworkPolicy): number =>
  Math.ceil(policy.handOverMs / policy.handOverBlocks);

/** The time that the next block must not be before. */
export const earliestTime = ({ head, epoch, policy }: State): number =>
  head.time + (epoch.lastHeight === null ? 1 : paceMs(policy));

/** The active time of this epoch's election; null once it has been. */
export const electionDueAt = ({ epoch, policy }: State): number | null =>
  epoch.lastHeight === null ? epoch.start + policy.epochMs : null;
