import { CodedError } from "@meshwork/foundation";

export class StorageError extends CodedError<
  /** The bytes under a content id are not the content: the disk, or somebody, changed them. */
  | "OBJECT_DAMAGED"
  | "OBJECT_TOO_LARGE"
  /** The store's own bound is reached; the disk may have room. */
  | "STORE_FULL"
  /** Two different anchors for one height: somebody shows two histories. */
  | "ANCHOR_CONFLICT"
> {}
