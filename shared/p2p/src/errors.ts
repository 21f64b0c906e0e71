import { CodedError } from "@meshwork/foundation";

/** Why a hello was refused; the refused side reads the same code. */
export type HelloRefusal =
  | "HELLO_MALFORMED"
  | "HELLO_OTHER_NETWORK"
  | "HELLO_WRONG_PEER"
  | "HELLO_WRONG_KEY"
  | "HELLO_BAD_SIGNATURE"
  | "HELLO_EXPIRED"
  | "HELLO_TOO_LONG"
  | "HELLO_STALE"
  | "HELLO_TIMEOUT"
  | "HELLO_UNSUPPORTED"
  /** The ledger's word: the record's detail says which rule. */
  | "HELLO_NOT_ADMITTED";

/** Why an envelope was refused. */
export type EnvelopeRefusal =
  | "ENVELOPE_MALFORMED"
  | "ENVELOPE_BAD_SIGNATURE"
  | "ENVELOPE_WRONG_KEY"
  /** The ledger has barred its sender. */
  | "ENVELOPE_BLACKLISTED"
  | "ENVELOPE_OTHER_NETWORK"
  | "ENVELOPE_WRONG_SENDER"
  | "ENVELOPE_WRONG_RECIPIENT"
  | "ENVELOPE_WRONG_PAYLOAD"
  | "ENVELOPE_EXPIRED"
  | "ENVELOPE_FROM_FUTURE"
  | "ENVELOPE_REPLAYED";

/** Why a message that this node sent did not arrive, or was not answered. */
export type DeliveryFailure =
  | "MESSAGE_EXPIRED"
  | "MESSAGE_REFUSED"
  | "REQUEST_TIMEOUT"
  | "REQUEST_REFUSED"
  | "OUTBOX_FULL"
  | "PAYLOAD_TOO_LARGE";

export type P2pErrorCode =
  | HelloRefusal
  | EnvelopeRefusal
  | DeliveryFailure
  | "PEER_NOT_FOUND"
  | "PEER_UNREACHABLE"
  /** The ledger has barred it: it may fetch blocks, and no more. */
  | "PEER_BLACKLISTED"
  | "RELAY_ADDRESS_INVALID"
  | "FRAME_TOO_LARGE"
  | "CHANNEL_CLOSED"
  | "CHANNEL_FULL"
  | "NO_HANDLER"
  | "HANDLER_FAILED"
  | "HANDLER_REJECTED"
  | "BUSY"
  | "QUOTA_EXCEEDED"
  | "STOPPED";

export class P2pError extends CodedError<P2pErrorCode> {}
