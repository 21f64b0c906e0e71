import type { NetworkPolicy } from "@meshwork/protocol";
import { ONE } from "./reputation.ts";

/**
 * What the schema cannot say of the numbers together, in words; null when they are sound.
 * @param current what holds now, when it is to be replaced.
 */
export function policyFlaw(policy: NetworkPolicy, current?: NetworkPolicy): string | null {
  const flaw =
    moneyFlaw(policy) ??
    epochFlaw(policy) ??
    (isOfStrangers(policy) ? strangersFlaw(policy) : null);
  if (flaw !== null) return flaw;
  if (current === undefined) return null;
  for (const name of ["bond", "bondRuns"] as const)
    if (policy[name] !== current[name])
      return `open places have staked by a ${name} of ${current[name]}, and get the same back`;
  return null;
}

/**
 * A network says by lifting the cap on operators that it is one team's: its nodes are few and near, and
 * may do in milliseconds what strangers over the world cannot.
 */
const isOfStrangers = ({ operatorCap }: NetworkPolicy): boolean => operatorCap > 0;

function moneyFlaw({ burnShare, verifierShare, contributionKept }: NetworkPolicy): string | null {
  if (burnShare === 0) return "with nothing burnt, to order from oneself would cost nothing";
  if (verifierShare === ONE) return "with all of it for verifiers, nobody would work";
  if (contributionKept === 0)
    return "with no contribution left after an epoch, none could be elected";
  return null;
}

/** No machine makes blocks, or votes on them, faster than these. */
const LEAST_EPOCH_MS = 1_000;
const LEAST_HAND_OVER_MS = 10;

function epochFlaw(policy: NetworkPolicy): string | null {
  const { epochMs, handOverMs, handOverBlocks, heartbeatMs, leaseMs } = policy;
  if (epochMs < LEAST_EPOCH_MS) return `an epoch must last ${LEAST_EPOCH_MS} ms at least`;
  if (handOverMs < LEAST_HAND_OVER_MS)
    return `a hand-over must last ${LEAST_HAND_OVER_MS} ms at least`;
  if (handOverMs > epochMs) return "an epoch cannot end later than it lasts";
  // Active time must not lag behind, and a paced block must not come later than an idle network's.
  if (handOverMs / handOverBlocks > heartbeatMs)
    return "the blocks of a hand-over would be further apart than heartbeats";
  if (leaseMs < heartbeatMs) return "a lease would end between two blocks";
  return null;
}

const MINUTE_MS = 60_000;
/** Within half a minute who comes in has the state: consensus.md. */
const STRANGERS_HAND_OVER_MS = 30_000;
const STRANGERS_EPOCH_MS = 5 * MINUTE_MS;
/** Within an hour a requester comes for his receipt, or was never there. */
const STRANGERS_TASK_KEPT_MS = 60 * MINUTE_MS;
const LONGEST_SEAT_AGE_MS = 366 * 24 * 60 * MINUTE_MS;

function strangersFlaw(policy: NetworkPolicy): string | null {
  const { epochMs, handOverMs, leaseMs, heartbeatMs, seatAgeEpochs } = policy;
  if (epochMs < STRANGERS_EPOCH_MS)
    return `among strangers an epoch must last ${STRANGERS_EPOCH_MS} ms at least`;
  if (handOverMs < STRANGERS_HAND_OVER_MS)
    return `among strangers a hand-over must last ${STRANGERS_HAND_OVER_MS} ms at least, so that who comes in can catch up`;
  if (leaseMs < 4 * heartbeatMs)
    return "a lease must outlast four heartbeats, so that a renewal has time to come";
  if (policy.reputationFloor === ONE) return "nobody's reputation would reach the floor";
  if (seatAgeEpochs * epochMs > LONGEST_SEAT_AGE_MS)
    return "who joins could be elected after a year at the earliest";
  if (policy.taskKeptMs < STRANGERS_TASK_KEPT_MS)
    return `among strangers a task must be kept ${STRANGERS_TASK_KEPT_MS} ms at least, so that its receipt can be fetched`;
  return null;
}
