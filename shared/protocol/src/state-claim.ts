import { limits } from "@meshwork/foundation";
import { z } from "zod";
import { headerSchema } from "./block.ts";
import { wire } from "./canonical.ts";
import { certificateSchema } from "./certificate.ts";
import { handOverSchema } from "./hand-over.ts";
import { rawBytes } from "./raw-bytes.ts";
import { stateKind, stateProof } from "./state-proof.ts";

/**
 * That a record stands in the state after one final block, or that none does: an account and its points,
 * a node, a task. It verifies with an anchor alone: `verify/verifyState`.
 */
export const stateClaim = wire(
  z.strictObject({
    version: z.literal(1),
    kind: stateKind,
    /** The record's name: of a node or account its NodeId, of a task its order's id. */
    id: z.string().max(256),
    /** Its canonical bytes. Null: the state holds none of this name. */
    value: rawBytes(limits.stateLeafBytes).nullable(),
    path: stateProof,
    header: headerSchema,
    certificate: certificateSchema,
    handOver: z.array(handOverSchema).max(limits.receiptHandOvers),
  }),
  { name: "state claim", maxBytes: limits.receiptBytes },
);
export type StateClaim = z.infer<typeof stateClaim.schema>;
