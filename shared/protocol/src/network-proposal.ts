import { z } from "zod";
import { wire } from "./canonical.ts";
import { networkPolicy } from "./network-policy.ts";

/** What a network runs by: the numbers, and the version of the rules themselves. */
export const networkProposalSchema = z.strictObject({
  /** Whole, so that two seats that want the same want the same bytes. */
  policy: networkPolicy,
  /** Higher than now: an upgrade. A node whose software does not know it stops at the hand-over. */
  protocolVersion: z.int().min(1).max(65_535),
});
export const networkProposal = wire(networkProposalSchema, {
  name: "network proposal",
  maxBytes: 4_096,
});
export type NetworkProposal = z.infer<typeof networkProposalSchema>;
