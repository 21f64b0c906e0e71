import { z } from "zod";
import { headerSchema } from "./block.ts";
import { wire } from "./canonical.ts";
import { certificateSchema } from "./certificate.ts";
import { proofOfTask } from "./proof-of-task.ts";
import { stateProof } from "./state-proof.ts";
import { taskRecordSchema } from "./task-record.ts";
import { transactionSchema } from "./transaction.ts";

/**
 * What the agent takes home: that keys drawn by beacon agreed on this result under this comparator,
 * and that a quorum of the network's committee made it final. It claims no more, and verifies with
 * the genesis alone (`verify/verify-receipt`). Every byte of it is bound: the task record holds the
 * order's id and the proof's hash, the state root holds the record, the certificate holds the header.
 */
export const receipt = wire(
  z.strictObject({
    version: z.literal(1),
    /** The requester's signed `submit`. */
    order: transactionSchema,
    task: taskRecordSchema,
    /** Null when the ledger itself ended the task, at a deadline. */
    proof: proofOfTask.nullable(),
    /** The path of `task` under `header.stateRoot`. */
    path: stateProof,
    header: headerSchema,
    certificate: certificateSchema,
  }),
  { name: "receipt", maxBytes: 262_144 },
);
export type Receipt = z.infer<typeof receipt.schema>;
