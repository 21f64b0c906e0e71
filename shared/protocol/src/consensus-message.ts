import { blockHash, limits } from "@meshwork/foundation";
import { z } from "zod";
import { blockSchema } from "./block.ts";
import { wire } from "./canonical.ts";
import { certificateSchema, voteSchema } from "./certificate.ts";
import { transactionSchema } from "./transaction.ts";

/** What committee members say to each other. The channel says from whom; votes carry signatures. */

const height = z
  .int()
  .min(0)
  .max(2 ** 48);
const view = z
  .int()
  .min(0)
  .max(2 ** 31);

/** Rule 3: why this block may be proposed in this view. */
export const justification = z.strictObject({
  /** (a) The highest notarized view; its block is re-proposed unchanged. Null: (b), a new block. */
  notarized: certificateSchema.nullable(),
  /** X-certificates of every view between that one, or view 0, and the proposal's. */
  nullified: z.array(certificateSchema).max(limits.carriedNullifications),
});
export type Justification = z.infer<typeof justification>;

const proposal = z.strictObject({
  kind: z.literal("proposal"),
  block: blockSchema,
  justification,
  /** The leader's N vote, which names height and view. */
  vote: voteSchema,
});
export type Proposal = z.infer<typeof proposal>;

export const consensusMessage = z.discriminatedUnion("kind", [
  proposal,
  z.strictObject({ kind: z.literal("vote"), vote: voteSchema }),
  z.strictObject({ kind: z.literal("certificate"), certificate: certificateSchema }),
  /** Where I am: the height that I am deciding, my view, and the highest view that I hold a certificate for. */
  z.strictObject({
    kind: z.literal("status"),
    height,
    view,
    certified: z
      .int()
      .min(-1)
      .max(2 ** 31),
  }),
  z.strictObject({ kind: z.literal("block-request"), height, blockHash }),
  z.strictObject({ kind: z.literal("block"), block: blockSchema }),
  /** Answers a message for a lower height. */
  z.strictObject({
    kind: z.literal("finalized"),
    block: blockSchema,
    certificate: certificateSchema,
  }),
  z.strictObject({
    kind: z.literal("transactions"),
    transactions: z.array(transactionSchema).max(256),
  }),
]);
export type ConsensusMessage = z.infer<typeof consensusMessage>;
export const consensusMessageWire = wire(consensusMessage, {
  name: "consensus message",
  maxBytes: limits.blockBytes + limits.justificationBytes,
});
