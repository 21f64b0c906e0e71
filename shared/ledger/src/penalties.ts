import { assert, type NodeId } from "@meshwork/foundation";
import type { TaskRecord } from "@meshwork/protocol";
import type { Draft } from "./draft.ts";
import { bondOf } from "./escrow.ts";
import { accountOf, bonded, move, points, vesting } from "./purses.ts";
import { evidenceId, MAX_COUNT, type NodeState } from "./records.ts";
import {
  ONE,
  reputationEpochAt,
  reputationOf,
  withCleanVerdict,
  withFailure,
} from "./reputation.ts";
import type { Evidence, Rule } from "./why.ts";

/** What a place costs those who hold it, and what a verdict does to a node. */

export const nodeOf = (draft: Draft, id: NodeId): NodeState => {
  const node = draft.state.node(id);
  assert(node !== undefined, `${id} holds a place but is no node`);
  return node;
};

/** Whose bond, for a place of which task, and why it moves. */
export interface Stake {
  account: NodeId;
  task: TaskRecord;
  evidence: Evidence;
}

const stakeOf = (draft: Draft, { task }: Stake): bigint => bondOf(draft.state.policy, task.order);

export function stakeBond(draft: Draft, stake: Stake): void {
  const { account, evidence } = stake;
  const amount = stakeOf(draft, stake);
  move(
    draft,
    { from: points(account), to: bonded(account), amount },
    { rule: "bond-staked", inputs: { bond: amount }, evidence },
  );
}

export function returnBond(draft: Draft, stake: Stake): void {
  const { account, evidence } = stake;
  if (isConvicted(draft, account)) {
    burnBond(draft, stake, "equivocation");
    return;
  }
  const amount = stakeOf(draft, stake);
  move(
    draft,
    { from: bonded(account), to: points(account), amount },
    { rule: "bond-returned", inputs: { bond: amount }, evidence },
  );
}

export function burnBond(draft: Draft, stake: Stake, rule: Rule): void {
  const { account, evidence } = stake;
  const amount = stakeOf(draft, stake);
  move(
    draft,
    { from: bonded(account), to: "burnt", amount },
    { rule, inputs: { bond: amount }, evidence },
  );
}

/** For a wrong result: bond, all that is vesting, trust, and a suspension that doubles each time. */
export function convict(draft: Draft, stake: Stake): void {
  burnBond(draft, stake, "wrong-result");
  convictLate(draft, stake);
}

/** The same, when it came out only upon an appeal: the bond had been returned by then. */
export function convictLate(draft: Draft, stake: Stake): void {
  const { account: id, evidence } = stake;
  burnVesting(draft, stake, "wrong-result");
  changeReputation(draft, id, {
    rule: "wrong-result",
    evidence,
    judge: (node) => suspended(draft, withFailure(node, draft.at.activeTime)),
  });
  draft.events.push({ kind: "node", nodeId: id, change: "suspended" });
}

/**
 * For a result that was committed to and not shown. It costs all the points that a wrong result would,
 * or a liar would withhold whenever the audit falls on him; and trust is earned anew, so that the next
 * results are audited. But a machine may have crashed: nothing is held against its honesty.
 */
export function chargeUnrevealed(draft: Draft, stake: Stake): void {
  const { account: id, evidence } = stake;
  burnBond(draft, stake, "not-revealed");
  burnVesting(draft, stake, "not-revealed");
  changeReputation(draft, id, {
    rule: "not-revealed",
    evidence,
    judge: (node) => silent({ ...node, clean: 0 }),
  });
}

/**
 * For a word on the ledger that a panel has refuted: the verifier must have seen that it is false. It costs
 * his bond, and as much trust as a wrong result.
 */
export function chargeFalseWord(draft: Draft, stake: Stake): void {
  const { account: id, evidence } = stake;
  burnBond(draft, stake, "false-verdict");
  changeReputation(draft, id, {
    rule: "false-verdict",
    evidence,
    judge: (node) => withFailure(node, draft.at.activeTime),
  });
}

/** All that was earned and is not vested yet. */
function burnVesting(draft: Draft, stake: Stake, rule: Rule): void {
  const { account, evidence } = stake;
  const amount = accountOf(draft.state, account).vesting;
  move(
    draft,
    { from: vesting(account), to: "burnt", amount },
    { rule, inputs: { vesting: amount }, evidence },
  );
}

/** Of what is taken from a verifier who made his samples up, who shows it gets one part in so many. */
const CHECKER_PART = 10n;

/**
 * For samples that were never run: as much as a wrong result costs. His bond has gone back to him by
 * now, so it is taken from what he holds.
 */
export function convictVerifier(draft: Draft, stake: Stake, checker: NodeId): void {
  const { account: id, evidence } = stake;
  const held = accountOf(draft.state, id);
  const bond = stakeOf(draft, stake);
  const isPoor = held.points < bond;
  const seized = [
    { from: vesting(id), amount: held.vesting as bigint },
    { from: points(id), amount: isPoor ? held.points : bond },
  ];
  for (const { from, amount } of seized) {
    // Nobody is paid for showing himself up.
    const reward = checker === id ? 0n : amount / CHECKER_PART;
    const inputs = { seized: amount };
    const rule = "false-samples";
    move(
      draft,
      { from, to: points(checker), amount: reward },
      { rule: "false-samples-reported", inputs, evidence },
    );
    move(draft, { from, to: "burnt", amount: amount - reward }, { rule, inputs, evidence });
  }
  changeReputation(draft, id, {
    rule: "false-samples",
    evidence,
    judge: (node) => suspended(draft, withFailure(node, draft.at.activeTime)),
  });
  draft.events.push({ kind: "node", nodeId: id, change: "suspended" });
}

/** The longest suspension: about nine years. More doublings would leave the range of times. */
const MAX_SUSPENSION_MS = 2 ** 38;

function suspended(draft: Draft, node: NodeState): NodeState {
  const doubled = draft.state.policy.suspensionMs * 2 ** Math.min(node.suspensions, 38);
  return {
    ...node,
    suspensions: Math.min(node.suspensions + 1, MAX_COUNT),
    suspendedUntil: draft.at.activeTime + Math.min(doubled, MAX_SUSPENSION_MS),
  };
}

/** @param requester whose order it was: his operator's orders speak for a node only so often. */
export function praise(
  draft: Draft,
  id: NodeId,
  { evidence, requester }: { evidence: Evidence; requester: NodeId },
): void {
  if (!takeEvidence(draft, id, requester)) return;
  changeReputation(draft, id, {
    rule: "clean-verdict",
    evidence,
    judge: (node) => withCleanVerdict(node, draft.at.activeTime),
  });
}

export function changeReputation(
  draft: Draft,
  id: NodeId,
  change: { rule: Rule; evidence: Evidence; judge(node: NodeState): NodeState },
): void {
  const { activeTime } = draft.at;
  const before = nodeOf(draft, id);
  const after = change.judge(before);
  draft.put("node", after);
  draft.whys.push({
    account: id,
    of: "reputation",
    rule: change.rule,
    delta: BigInt(reputationOf(after, activeTime) - reputationOf(before, activeTime)),
    inputs: { successes: after.successes, failures: after.failures, clean: after.clean },
    evidence: change.evidence,
  });
}

/**
 * Who orders from himself must not make himself a name: an operator's orders are no evidence for his
 * own nodes, and for another's only so many a day. All for whom nobody vouched are one operator.
 */
function takeEvidence(draft: Draft, node: NodeId, requester: NodeId): boolean {
  const { state, at } = draft;
  const { operator } = accountOf(state, requester);
  if (operator !== null && operator === nodeOf(draft, node).operator) return false;
  const day = reputationEpochAt(at.activeTime);
  const known = state.get("evidence", evidenceId({ node, operator }));
  const verdicts = known?.day === day ? known.verdicts : 0;
  if (verdicts >= state.policy.evidencePerDay) return false;
  draft.put("evidence", { node, operator, day, verdicts: verdicts + 1 });
  return true;
}

/** Whose seat has equivocated gets nothing any more: what would be his is burnt. */
export const isConvicted = (draft: Draft, id: NodeId): boolean =>
  draft.state.account(id)?.barred === "equivocated";

/**
 * Earned points vest: each payment frees one part in `vestingVerdicts`, then the new ones join. Small
 * payments free no more than they bring, or who is paid for many verifications would have little at
 * stake when he works; but never less than a small part, so that nothing stays held for ever. Work whose
 * result nobody can verify joins them, and frees none.
 */
export function earn(
  draft: Draft,
  id: NodeId,
  {
    rule,
    amount,
    evidence,
    vests = true,
  }: { rule: Rule; amount: bigint; evidence: Evidence; vests?: boolean },
): void {
  if (isConvicted(draft, id)) {
    const because = { rule: "equivocation" as const, inputs: { earned: amount }, evidence };
    move(draft, { from: "escrow", to: "burnt", amount }, because);
    return;
  }
  const parts = BigInt(draft.state.policy.vestingVerdicts);
  const held = vests ? accountOf(draft.state, id).vesting : 0n;
  move(
    draft,
    { from: vesting(id), to: points(id), amount: freedBy(amount, { held, parts }) },
    { rule: "vested", inputs: { vesting: held, parts }, evidence },
  );
  move(
    draft,
    { from: "escrow", to: vesting(id), amount },
    { rule, inputs: { earned: amount }, evidence },
  );
}

function freedBy(payment: bigint, { held, parts }: { held: bigint; parts: bigint }): bigint {
  const part = (held + parts - 1n) / parts;
  const least = (part + parts - 1n) / parts;
  if (payment >= part) return part;
  return payment > least ? payment : least;
}

/** A node that does not answer is called more seldom; one that does, soon as often as before. */
const AVAILABILITY_STEP = 8;
const LEAST_AVAILABILITY = ONE / 64;

export const answered = (node: NodeState): NodeState => ({
  ...node,
  availability: node.availability + Math.ceil((ONE - node.availability) / AVAILABILITY_STEP),
});

export const silent = (node: NodeState): NodeState => ({
  ...node,
  availability: Math.max(
    LEAST_AVAILABILITY,
    node.availability - Math.ceil(node.availability / AVAILABILITY_STEP),
  ),
});
