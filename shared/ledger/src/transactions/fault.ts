import { assert, type NodeId } from "@meshwork/foundation";
import { type BodyOf, excludeEachOther, voteKeysOf } from "@meshwork/protocol";
import { forfeitContribution } from "../contribution.ts";
import type { Draft } from "../draft.ts";
import { accountOf, move, points, vesting } from "../purses.ts";
import { refuse } from "../refusal.ts";
import type { State } from "../state.ts";
import type { Rule, Signed } from "./rule.ts";

type Fault = BodyOf<"fault">;

/** Of what is taken from the convicted, the reporter gets one part in so many; the rest is burnt. */
const REPORTER_PART = 10n;

/**
 * A seat signed two votes that exclude each other. An honest seat never does, so nothing more is asked:
 * its identity is barred at once and for good, and the election that comes next gives its seat away.
 */
export const fault: Rule<Fault> = {
  check({ body: { first, second } }, { state }) {
    if (!excludeEachOther(first, second))
      return refuse("NO_FAULT", "an honest seat may sign both of these votes");
    const { epoch } = first.ballot;
    const committee = state.committeeOf(epoch);
    if (committee === undefined)
      return refuse("EVIDENCE_TOO_OLD", `the committee of epoch ${epoch} is not remembered`);
    const seat = committee.seats[first.seat];
    if (seat === undefined)
      return refuse("NO_FAULT", `the committee of epoch ${epoch} has no seat ${first.seat}`);
    if (state.account(seat.node)?.barred === "equivocated")
      return refuse("CONVICTED_ALREADY", `${seat.node} was convicted before`);
    return null;
  },

  checkOthers({ body }, { state, checks }) {
    const { first, second } = body;
    const committee = state.committeeOf(first.ballot.epoch);
    const keys = committee ? voteKeysOf(committee) : [];
    const { chainId } = state.head;
    return [first, second].every((vote) => checks.verifyVote(chainId, keys, vote))
      ? null
      : refuse("NO_FAULT", `seat ${first.seat} has not signed both votes`);
  },

  apply(draft, signed) {
    const convicted = seatOf(draft.state, signed.body);
    seizeVesting(draft, convicted, signed);
    // What is staked at open places is burnt when they end, since a barred account gets nothing back.
    draft.put("account", { ...accountOf(draft.state, convicted), barred: "equivocated" });
    const because = { rule: "equivocation" as const, evidence: signed.id };
    forfeitContribution(draft, convicted, because);
    endLease(draft, convicted);
    draft.events.push({ kind: "conviction", nodeId: convicted });
  },
};

function seatOf(state: State, { first }: Fault): NodeId {
  const node = state.committeeOf(first.ballot.epoch)?.seats[first.seat]?.node;
  assert(node !== undefined, "a fault was checked but its seat is gone");
  return node;
}

function seizeVesting(draft: Draft, convicted: NodeId, { id, sender }: Signed<Fault>): void {
  const seized = accountOf(draft.state, convicted).vesting;
  // Nobody is paid for reporting himself.
  const reward = sender === convicted ? 0n : seized / REPORTER_PART;
  const inputs = { vesting: seized };
  move(
    draft,
    { from: vesting(convicted), to: points(sender), amount: reward },
    { rule: "equivocation-reported", inputs, evidence: id },
  );
  move(
    draft,
    { from: vesting(convicted), to: "burnt", amount: seized - reward },
    { rule: "equivocation", inputs, evidence: id },
  );
}

/** It is drawn no more, and stands for no seat. */
function endLease(draft: Draft, convicted: NodeId): void {
  const node = draft.state.node(convicted);
  if (node?.lease)
    draft.put("node", {
      ...node,
      lease: { ...node.lease, until: draft.at.activeTime, vote: null },
    });
}
