import type { NetworkPolicy } from "../network-policy.ts";
import { points } from "./sample-ids.ts";

export const samplePolicy: NetworkPolicy = {
  admission: "vouched",
  registerPrice: points(10n),
  leaseMs: 86_400_000,
  heartbeatMs: 30_000,
  drawFactor: 3,
  operatorCap: 0,
  probationShare: 65_536,
  probationVerdicts: 20,
  reputationFloor: 0,
  bond: points(50n),
  submitPrice: points(1n),
  pricePerGigafuel: points(100n),
  burnShare: 6_553,
  verifierShare: 19_660,
  auditFloor: 3_277,
  vestingVerdicts: 20,
  suspensionMs: 3_600_000,
  epochMs: 3_600_000,
  handOverBlocks: 60,
  handOverMs: 30_000,
  committeeSeats: 31,
  seatAgeEpochs: 24,
  contributionKept: 65_473,
};
