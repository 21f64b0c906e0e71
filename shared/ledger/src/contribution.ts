import { assert, type NodeId } from "@meshwork/foundation";
import type { Draft } from "./draft.ts";
import { type Contribution, MAX_WEIGHT } from "./epoch-records.ts";
import { ONE } from "./reputation.ts";
import type { State } from "./state.ts";
import type { Evidence, Rule } from "./why.ts";

/**
 * What verified work leaves behind: the chance to be elected. It decays, cannot be moved, and counts
 * from the epoch that follows, so that nobody can change a sample that he foresees.
 */

/** After so many epochs nothing is left worth counting. */
const MAX_EPOCHS = 4_096;

/** As it stands in this epoch: what is left after the epochs since, rounded down. */
export function contributionAt(known: Contribution, epoch: number, kept: number): Contribution {
  const past = epoch - known.epoch;
  assert(past >= 0, `a contribution of epoch ${known.epoch} in epoch ${epoch}`);
  if (past === 0) return known;
  const settled =
    past > MAX_EPOCHS ? 0n : ((known.settled + known.fresh) * keptAfter(past, kept)) >> 64n;
  const candidate = known.nextCandidate;
  return { ...known, epoch, settled, fresh: 0n, candidate };
}

const Q16 = BigInt(ONE);

/** The part that is left after so many epochs, in Q64: by squaring, so that an election costs as much after years. */
function keptAfter(epochs: number, kept: number): bigint {
  let left = 1n << 64n;
  let square = BigInt(kept) << 48n;
  for (let rest = epochs; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) left = (left * square) >> 64n;
    square = (square * square) >> 64n;
  }
  return left;
}

/** Another decay counts from the epoch to come: until then all of it fades by the one that held. */
export function settleContributions(draft: Draft, next: number): void {
  const { contributionKept } = draft.state.policy;
  for (const known of [...draft.state.contributions()])
    draft.put("contribution", contributionAt(known, next, contributionKept));
}

export function contributionOf(state: State, nodeId: NodeId): Contribution {
  const { number } = state.epoch;
  const known = state.get("contribution", nodeId) ?? {
    ...{ nodeId, since: number, epoch: number, settled: 0n, fresh: 0n },
    ...{ candidate: null, nextCandidate: null },
  };
  return contributionAt(known, number, state.policy.contributionKept);
}

/** @param points what the work was paid; the least that work leaves behind is a point. */
export function contribute(
  draft: Draft,
  id: NodeId,
  { points, rule, evidence }: { points: bigint; rule: Rule; evidence: Evidence },
): void {
  if (draft.state.isBlacklisted(id)) return;
  const now = contributionOf(draft.state, id);
  const gained = (points > 1n ? points : 1n) * Q16;
  const room = MAX_WEIGHT - now.settled - now.fresh;
  const delta = gained < room ? gained : room;
  draft.put("contribution", { ...now, fresh: now.fresh + delta });
  draft.whys.push({ account: id, of: "contribution", rule, delta, inputs: { points }, evidence });
}

/** All of it, at once and for good: what a seat that equivocated had. */
export function forfeitContribution(
  draft: Draft,
  id: NodeId,
  { rule, evidence }: { rule: Rule; evidence: Evidence },
): void {
  const { settled, fresh, ...now } = contributionOf(draft.state, id);
  const delta = -(settled + fresh);
  if (delta === 0n) return;
  draft.put("contribution", { ...now, settled: 0n, fresh: 0n });
  draft.whys.push({ account: id, of: "contribution", rule, delta, inputs: {}, evidence });
}

/** For whom how much speaks in this epoch's election: own contribution and what others lend. */
export function weightsOf(state: State): Map<NodeId, bigint> {
  const { number } = state.epoch;
  const { contributionKept } = state.policy;
  const weights = new Map<NodeId, bigint>();
  for (const known of state.contributions()) {
    const { settled, candidate, nodeId } = contributionAt(known, number, contributionKept);
    const holder = candidate ?? nodeId;
    if (settled > 0n) weights.set(holder, (weights.get(holder) ?? 0n) + settled);
  }
  return weights;
}
