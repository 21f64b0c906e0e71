import { CodedError } from "@meshwork/foundation";

export class CliError extends CodedError<
  /** The command line makes no sense. */
  | "USAGE"
  /** A file that was named cannot be read or written. */
  | "FILE_UNREADABLE"
  | "FILE_EXISTS"
  | "FILE_NOT_WRITTEN"
  /** A file was read and is not what it should be. */
  | "GENESIS_INVALID"
  | "RECEIPT_INVALID"
  | "HAND_OVERS_INVALID"
  | "PROPOSAL_INVALID"
  | "RECOVERY_FILE_INVALID"
  /** Recovery keys sign one thing together, and the genesis names them. */
  | "RECOVERY_FILES_DIFFER"
  | "RECOVERY_KEY_UNKNOWN"
  /** What was to be run is no program. */
  | "PROGRAM_INVALID"
  /** A task that was run here ended in a fault, differs by engine, or is not what its receipt says. */
  | "TASK_FAILED"
  | "NOT_DETERMINISTIC"
  | "NOT_REPRODUCED"
  /** The task ended without a verified result. */
  | "TASK_NOT_VERIFIED"
  | "ACCOUNT_UNKNOWN"
  /** The ledger is in its first epoch. */
  | "NO_HAND_OVERS"
  /** A signal came before the work was done. */
  | "INTERRUPTED"
> {}

/** sysexits.h where it has a word for it; 10 is ours. */
export const exitCodes = { error: 1, usage: 2, taskFailed: 10, configuration: 78 } as const;

/** What must be put right on this machine before it makes sense to try again. */
const CONFIGURATION =
  /^(?:KEYSTORE_|PASSPHRASE_|WRONG_PASSPHRASE$|PEM_|GENESIS_|INVITE_|CONFIG_|NETWORK_|PORT_BUSY$|ALREADY_RUNNING$|OWNER_FILE_|FILE_|NODE_TOO_OLD$)/;

export function exitCodeFor(error: unknown): number {
  if (!(error instanceof CodedError)) return exitCodes.error;
  if (error.code === "USAGE") return exitCodes.usage;
  if (
    /^(?:TASK_(?:FAILED|DISPUTED|INCONCLUSIVE|NOT_VERIFIED)|NOT_DETERMINISTIC|NOT_REPRODUCED)$/.test(
      error.code,
    )
  )
    return exitCodes.taskFailed;
  return CONFIGURATION.test(error.code) ? exitCodes.configuration : exitCodes.error;
}
