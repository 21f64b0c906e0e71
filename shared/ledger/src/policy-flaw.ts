import type { NetworkPolicy } from "@meshwork/protocol";

/**
 * What the schema cannot say of the numbers together, in words; null when they are sound.
 * @param current what holds now, when it is to be replaced.
 */
export function policyFlaw(policy: NetworkPolicy, current?: NetworkPolicy): string | null {
  if (policy.burnShare === 0) return "with nothing burnt, to order from oneself would cost nothing";
  if (policy.handOverMs > policy.epochMs) return "an epoch cannot end later than it lasts";
  // Active time must not lag behind, and a paced block must not come later than an idle network's.
  if (policy.handOverMs / policy.handOverBlocks > policy.heartbeatMs)
    return "the blocks of a hand-over would be further apart than heartbeats";
  if (policy.leaseMs < policy.heartbeatMs) return "a lease would end between two blocks";
  if (current !== undefined && policy.bond !== current.bond)
    return `open places have staked a bond of ${current.bond} each, and get the same back`;
  return null;
}
