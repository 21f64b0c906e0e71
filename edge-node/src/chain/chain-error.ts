import { CodedError } from "@meshwork/foundation";

export class ChainError extends CodedError<
  /** The log holds bytes that no crash can explain. */
  | "LOG_DAMAGED"
  /** A vote key whose log is gone: nobody knows what it has signed. */
  | "LOG_MISSING"
  /** The disk refused a vote; nothing may be signed until the process starts again. */
  | "LOG_WRITE_FAILED"
  /** Another file than a log, or a log of another format. */
  | "LOG_UNKNOWN_FORMAT"
  | "VOTE_KEY_MALFORMED"
  /** The ledger's database contradicts itself. */
  | "STORE_CORRUPT"
  /** The database belongs to another network. */
  | "STORE_OTHER_CHAIN"
  /** A block does not follow the head, or does not give the state that its header names. */
  | "BLOCK_INVALID"
  /** A certificate is not a quorum's F over this very block. */
  | "CERTIFICATE_INVALID"
  | "CHAIN_CLOSED"
> {}
