import type { NodeId } from "@meshwork/foundation";
import type {
  Ballot,
  Block,
  Certificate,
  ConsensusMessage,
  Justification,
} from "@meshwork/protocol";
import type { Timer } from "./event.ts";
import type { Evidence } from "./evidence.ts";

/**
 * What the driver does after a turn, in this order: nothing is sent, here or later, before the log
 * holds durably every `persist` and `cast` that came before it.
 */
export type Effect =
  /** Append to the log. */
  | { readonly kind: "persist"; readonly certificate: Certificate }
  /** Sign, append to the log with block and justification, sync, then feed `signed`. */
  | {
      readonly kind: "cast";
      readonly ballot: Ballot;
      readonly block: Block | null;
      readonly justification: Justification | null;
    }
  | { readonly kind: "send"; readonly to: NodeId; readonly message: ConsensusMessage }
  /** To every other member of the committee. */
  | { readonly kind: "broadcast"; readonly message: ConsensusMessage }
  | { readonly kind: "setTimer"; readonly timer: Timer; readonly delayMs: number }
  /** Block, certificate and state, atomically and durably; prune the log; then feed `start`. */
  | { readonly kind: "commit"; readonly block: Block; readonly certificate: Certificate }
  /** Send `finalized` of this height from the block store, if it is there. */
  | { readonly kind: "sendFinalized"; readonly to: NodeId; readonly height: number }
  /** Send the pending transactions that this node took in to all members. */
  | { readonly kind: "shareTransactions" }
  /** A seat signed two votes that exclude each other: fit for the ledger. */
  | { readonly kind: "evidence"; readonly evidence: Evidence }
  /** A valid certificate contradicts the chain that I hold: stop, and call a human. */
  | { readonly kind: "fork"; readonly block: Block; readonly certificate: Certificate };
