import { CodedError } from "@meshwork/foundation";

/** What a peer answers when it will not serve or take an object. */
export type BlobRefusal =
  | "BLOB_MISSING"
  /** More than the other side agreed to. */
  | "BLOB_TOO_LARGE"
  /** The peer serves others now: ask again soon. */
  | "BLOB_BUSY"
  /** The peer takes no more from this sender for now. */
  | "BLOB_QUOTA_EXCEEDED"
  /** The peer takes no such object from this sender. */
  | "BLOB_UNWELCOME"
  /** The bytes do not hash to their name. */
  | "BLOB_HASH_MISMATCH";

export class BlobError extends CodedError<
  | BlobRefusal
  /** Neither the store, the cache nor a hinted peer gave it. */
  | "BLOB_UNAVAILABLE"
  /** The peer broke the protocol, stalled or went away. */
  | "BLOB_TRANSFER_FAILED"
> {}
