import { CodedError } from "@meshwork/foundation";

export class SupervisorError extends CodedError<
  /** Another live process owns this data folder. */
  | "ALREADY_RUNNING"
  /** The owner's file is there and cannot be read. */
  | "OWNER_FILE_CORRUPT"
  /** Somebody else listens where we must. */
  | "PORT_BUSY"
  /** A process said why it cannot serve. */
  | "CHILD_FAILED"
  /** A process ended before it was ready. */
  | "CHILD_EXITED"
  /** A process neither became ready nor ended. */
  | "CHILD_NOT_READY"
> {}
