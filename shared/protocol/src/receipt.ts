import { limits } from "@meshwork/foundation";
import { z } from "zod";
import { headerSchema } from "./block.ts";
import { wire } from "./canonical.ts";
import { certificateSchema } from "./certificate.ts";
import { handOverSchema } from "./hand-over.ts";
import { proofOfTask } from "./proof-of-task.ts";
import { stateProof } from "./state-proof.ts";
import { taskRecordSchema } from "./task-record.ts";
import { type Transaction, transactionSchema } from "./transaction.ts";

/**
 * What the agent takes home: that keys drawn by beacon agreed on this result under this comparator,
 * and that a quorum of the network's committee made it final. It claims no more, and verifies with
 * the genesis alone (`verify/verify-receipt`). Every byte of it is bound: the task record holds the
 * order's id and the proof's hash, the state root holds the record, the certificate holds the header.
 */
export const receipt = wire(
  z.strictObject({
    version: z.literal(1),
    /**
     * The requester's signed `submit`; or a `part`, under his signature of its mandate in place of the
     * gateway's, which proves nothing to whoever checks.
     */
    order: transactionSchema,
    task: taskRecordSchema,
    /** Null when the ledger itself ended the task, at a deadline. */
    proof: proofOfTask.nullable(),
    /** The path of `task` under `header.stateRoot`. */
    path: stateProof,
    header: headerSchema,
    certificate: certificateSchema,
    /**
     * From the committee that the holder knows to that of the header. It grows by one each epoch, so it
     * may lie apart from the receipt: see `handOverChain`.
     */
    handOver: z.array(handOverSchema).max(limits.receiptHandOvers),
  }),
  { name: "receipt", maxBytes: limits.receiptBytes },
);
export type Receipt = z.infer<typeof receipt.schema>;

/** An order as a receipt shows it: what its requester has signed, alone or with many others. */
export const shownOrder = ({ unsigned, signature }: Transaction): Transaction => ({
  unsigned,
  signature: unsigned.body.kind === "part" ? unsigned.body.signature : signature,
});
