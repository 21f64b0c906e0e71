import { CodedError } from "@meshwork/foundation";

export class ChainError extends CodedError<
  /** The log holds bytes that no crash can explain. */
  | "LOG_DAMAGED"
  /** A vote key whose log is gone: nobody knows what it has signed. */
  | "LOG_MISSING"
  /** The disk refused a vote; nothing may be signed until the process starts again. */
  | "LOG_WRITE_FAILED"
  /** Nothing can be written until there is room; the node waits, and says nothing meanwhile. */
  | "DISK_FULL"
  /** Another file than a log, or a log of another format. */
  | "LOG_UNKNOWN_FORMAT"
  | "VOTE_KEY_MALFORMED"
  /** The ledger's database contradicts itself. */
  | "STORE_CORRUPT"
  | "STORE_LOCKED"
  /** The disk refused a block; the node cannot go on. */
  | "STORE_WRITE_FAILED"
  /** The database belongs to another network. */
  | "STORE_OTHER_CHAIN"
  /** A stranger's block does not follow the head, or is not what its header names. */
  | "BLOCK_INVALID"
  /** A certificate is not a quorum's F over this very block. */
  | "CERTIFICATE_INVALID"
  /** A quorum made a block final that this node computes otherwise. */
  | "BLOCK_DIVERGES"
  /** Two final blocks of one height. */
  | "CHAIN_FORKED"
  /** A peer claims blocks and does not bring them. */
  | "SYNC_STALLED"
  /** A peer began at a snapshot, and lacks the blocks that are wanted. */
  | "SYNC_BEGINS_LATER"
  /** Nobody has the next block any more: only a snapshot helps. */
  | "SYNC_STRANDED"
  /** Nothing is known here but a genesis older than the trust period. */
  | "SYNC_UNANCHORED"
  /** The ledger here is not the one of which the operator was told a block. */
  | "CHECKPOINT_CONTRADICTED"
  | "CHAIN_CLOSED"
> {}
