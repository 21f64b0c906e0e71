import { CodedError } from "@meshwork/foundation";

export class StorageError extends CodedError<
  /** The bytes under a content id are not the content: the disk, or somebody, changed them. */
  | "OBJECT_DAMAGED"
  | "OBJECT_TOO_LARGE"
  /** The store's own bound is reached; the disk may have room. */
  | "STORE_FULL"
  /** Two different anchors for one height: somebody shows two histories. */
  | "ANCHOR_CONFLICT"
  /** What lies where an anchor should is none. */
  | "ANCHOR_DAMAGED"
  /** What should name a store names none. */
  | "STORE_PLACE_INVALID"
  /** No such bucket or table, or not in this region; or a folder that cannot be used. */
  | "STORE_MISSING"
  /** No credentials, wrong ones, or ones without the right. */
  | "STORE_FORBIDDEN"
  /** The service refuses for load, after every retry. */
  | "STORE_BUSY"
  /** No answer, a cut or too slow one, or a failing service, after every retry. */
  | "STORE_UNREACHABLE"
  /** This machine's clock is too far from the service's to sign requests. */
  | "CLOCK_SKEWED"
  /** The service refused in a way that has no code of its own here. */
  | "STORE_REFUSED"
> {}
