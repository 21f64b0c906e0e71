import { CodedError } from "@meshwork/foundation/errors";

export type SandboxErrorCode =
  /** `HostLimits.wallMs` is over. */
  | "WALL_TIME"
  /** `HostLimits.hostMemoryBytes`, or the machine itself has no more. */
  | "HOST_MEMORY"
  /** The process ended, or was killed from outside. */
  | "CHILD_DIED"
  /** The process said something that it may not say. */
  | "CHILD_LIES"
  /** A chunk of an input was here when the task began, and can no longer be had. */
  | "INPUT_LOST"
  /** Something in the sandbox failed that is neither the program's doing nor a limit. */
  | "SANDBOX_BROKEN"
  /** All sessions are taken. */
  | "SANDBOX_BUSY"
  | "SANDBOX_STOPPED"
  /** The caller's signal, or his `close`. */
  | "ABORTED";

/** The host could not run a step. It says nothing about the program, and is never a result. */
export class SandboxError extends CodedError<SandboxErrorCode> {}
