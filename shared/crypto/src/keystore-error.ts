import { CodedError } from "@meshwork/foundation";

export class KeystoreError extends CodedError<
  /** No such file. */
  | "KEYSTORE_MISSING"
  /** There is one already: keys are never overwritten. */
  | "KEYSTORE_EXISTS"
  /** The operating system refused to read or write; `cause` says why. */
  | "KEYSTORE_IO"
  /** Not the bytes that were once written. */
  | "KEYSTORE_CORRUPT"
  /** Whole, but written by another version of this program. */
  | "KEYSTORE_VERSION"
  /** Whole, but opening it would cost more memory than any keystore of ours. */
  | "KEYSTORE_COST"
  /** Whole, and this passphrase does not open it. */
  | "WRONG_PASSPHRASE"
  | "PASSPHRASE_MISSING"
  | "PASSPHRASE_EMPTY"
  /** Everybody on this machine can read the passphrase file. */
  | "PASSPHRASE_EXPOSED"
> {}
