import { isPublicKey } from "@meshwork/crypto";
import type { Key25519 } from "@meshwork/foundation";
import { type BodyOf, type SignedNearness, verifyNearness } from "@meshwork/protocol";
import { nodeOf } from "../penalties.ts";
import type { Lease, NodeState } from "../records.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { recentBlockOf } from "../state.ts";
import { callQueue } from "../task/queue.ts";
import type { Ground, Rule, Signed } from "./rule.ts";

/** A renewal costs nothing, so it may not come more often; in active time. */
const RENEWAL_INTERVAL_MS = 5_000;

/** Where a node stands is measured anew for each renewal, or nearly so; wall time, by its measurer's clock. */
const NEARNESS_AGE_MS = 3_600_000;

/** From the registration of a beacon key to the first epoch that it makes beacons in. */
const BEACON_KEY_EPOCHS = 2;

/** Keeps a node eligible for a while longer: who falls silent falls out by rule. */
export const renew: Rule<BodyOf<"renew">> = {
  check({ sender, body }, { state, at }) {
    const node = state.node(sender);
    if (node === undefined)
      return refuse("NOT_A_NODE", `${sender} is no node: register a transport key first`);
    const { height, hash } = body.recentBlock;
    if (recentBlockOf(state, height)?.hash !== hash)
      return refuse("UNKNOWN_BLOCK", `${hash} is not a recent block ${height} of this chain`);
    if (body.vote !== null && !isPublicKey(body.vote.voteKey))
      return refuse("INVALID_KEY", `${body.vote.voteKey} is no point of the SM2 curve`);
    const renewable = (node.lease?.renewedAt ?? -RENEWAL_INTERVAL_MS) + RENEWAL_INTERVAL_MS;
    if (at.activeTime < renewable)
      return refuse(
        "RENEWED_TOO_SOON",
        `${sender} renewed a moment ago: wait ${renewable - at.activeTime} ms`,
      );
    return body.nearness && checkNearness(sender, body.nearness, { state, at });
  },

  checkOthers({ body: { nearness } }, { state }) {
    const key = nearness && state.account(nearness.body.by)?.publicKey;
    return !nearness || (key && verifyNearness(key, nearness))
      ? null
      : refuse("BAD_SIGNATURE", `${nearness.body.by} has not signed where this node stands`);
  },

  apply(draft, { sender, body }) {
    const { kind: _, recentBlock: __, nearness: word, ...offered } = body;
    const nearness = word && { region: word.body.region, latencyClass: word.body.latencyClass };
    const { activeTime } = draft.at;
    const until = activeTime + draft.state.policy.leaseMs;
    const node = nodeOf(draft, sender);
    const vote = offered.vote && {
      ...offered.vote,
      from: keyCountsFrom(draft.state.epoch.number, node.lease?.vote ?? null, offered.vote.vrfKey),
    };
    draft.put("node", {
      ...node,
      lease: { ...offered, nearness, vote, renewedAt: activeTime, until },
      unusedUntil: null,
      eligibleSince: offersItself(node, activeTime) ? node.eligibleSince : draft.at.height,
    });
    draft.events.push({ kind: "node", nodeId: sender, change: "renewed" });
    callQueue(draft, offered.capacity - node.assigned);
  },
};

/**
 * Whose word counts: a known account that answers for itself, not for this node. Nearness moves chances
 * alone, and within the caps: so a friend's word wins little, and a stranger's nothing.
 */
function checkNearness(
  sender: Signed["sender"],
  { body: { chainId, node, by, time } }: SignedNearness,
  { state, at }: Pick<Ground, "state" | "at">,
): Refusal | null {
  if (chainId !== state.head.chainId || node !== sender)
    return refuse("WRONG_NEARNESS", `this says where ${node} of ${chainId} stands`);
  if (Math.abs(at.time - time) > NEARNESS_AGE_MS)
    return refuse("WRONG_NEARNESS", `this was measured at ${time}: ask a relay again`);
  const measurer = state.account(by);
  const operator = measurer?.operator ?? null;
  const mine = state.node(sender)?.operator ?? null;
  return operator !== null && operator !== mine && measurer?.barred === null
    ? null
    : refuse("WRONG_NEARNESS", `the word of ${by} does not count for ${sender}`);
}

/** Whether it could be drawn up to now: then it does not begin, but goes on. */
const offersItself = ({ lease }: NodeState, activeTime: number): boolean =>
  lease !== null && lease.until > activeTime && lease.runtimes.length > 0 && lease.capacity > 0;

/** A beacon key counts two epochs after it was first registered; the one that is known already counts on. */
function keyCountsFrom(epoch: number, known: Lease["vote"], vrfKey: Key25519): number {
  return known?.vrfKey === vrfKey ? known.from : epoch + BEACON_KEY_EPOCHS;
}
