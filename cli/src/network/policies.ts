import type { Points } from "@meshwork/foundation";
import type { NetworkPolicy } from "@meshwork/protocol";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const points = (amount: bigint) => amount as Points;

/** A share or rate in Q16, rounded to the nearest. */
const share = (value: number) => Math.round(value * 65_536);

/** For networks of strangers. Every number can be changed in the genesis before it is shared. */
export const strangersPolicy: NetworkPolicy = {
  admission: "vouched",
  registerPrice: points(100n),
  leaseMs: 2 * HOUR_MS,
  heartbeatMs: 30_000,
  // Each place has two substitutes at hand: homes go offline without notice.
  drawFactor: 3,
  // Two nodes of one operator agree too easily.
  operatorCap: 1,
  probationShare: share(0.1),
  // About twenty clean verdicts bring a newcomer to a reputation of 0.80.
  probationVerdicts: 20,
  reputationFloor: share(0.5),
  bond: points(50n),
  // An audit that falls on one result in twenty must cost more than all that it lets pass.
  bondRuns: 16,
  submitPrice: points(1n),
  pricePerGigafuel: points(10n),
  burnShare: share(0.1),
  verifierShare: share(0.3),
  auditFloor: share(0.05),
  vestingVerdicts: 20,
  suspensionMs: HOUR_MS,
  minStageMs: 2_000,
  // A small home machine, on anything but floating point.
  minMsPerGigafuel: 1_000,
  unjudgedShare: share(0.5),
  cancelFee: points(5n),
  acceptFee: points(5n),
  maxAttempts: 2,
  // Two operators and more must speak for a newcomer before its probation ends within a day.
  evidencePerDay: 10,
  taskKeptMs: 7 * 24 * HOUR_MS,
  unusedMs: 24 * HOUR_MS,
  epochMs: HOUR_MS,
  // Half a minute, so that a third of the seats can catch up: sixty blocks, half a second apart.
  handOverBlocks: 60,
  handOverMs: 30_000,
  committeeSeats: 31,
  // A day of work.
  seatAgeEpochs: 24,
  // Half of a contribution fades in thirty days.
  contributionKept: share(0.5 ** (1 / (30 * 24))),
};

/**
 * For one machine or one team: the caps are off and a newcomer is drawn like any other, so that few
 * nodes can fill every place of a task. Do not let strangers into such a network.
 */
export const developmentPolicy: NetworkPolicy = {
  ...strangersPolicy,
  leaseMs: 10 * MINUTE_MS,
  drawFactor: 2,
  operatorCap: 0,
  probationShare: share(1),
  probationVerdicts: 3,
  reputationFloor: 0,
  bondRuns: 0,
  suspensionMs: MINUTE_MS,
  minStageMs: 100,
  evidencePerDay: 1_000_000,
  epochMs: 10 * MINUTE_MS,
  handOverBlocks: 20,
  handOverMs: 2_000,
  seatAgeEpochs: 0,
};
