import { CodedError } from "@meshwork/foundation";

/** What goes wrong at the client, or comes from the network as a task's end. */
export type ClientCode =
  /** Before anything was sent. */
  | "TASK_INPUT_INVALID"
  | "KEY_INVALID"
  | "URL_INVALID"
  /** The server is of another network than was asked for. */
  | "WRONG_NETWORK"
  | "UNREACHABLE"
  /** The answer is no answer of this API. */
  | "ANSWER_INVALID"
  /** The task ended without a result that somebody checked. */
  | "TASK_FAILED"
  | "TASK_DISPUTED"
  | "TASK_INCONCLUSIVE"
  | "TASK_REVOKED"
  /** The result is not what its hash, or the task's own schema, says. */
  | "RESULT_HASH_MISMATCH"
  | "RESULT_MISSING"
  | "TASK_OUTPUT_INVALID"
  | "RECEIPT_INVALID";

export class ClientError extends CodedError<ClientCode> {}

/** A refusal by the server or by the ledger behind it; `code` is theirs. */
export class RefusedError extends CodedError {}

/** Reads the error shape that the server writes; null when it is something else. */
export function refusalOf(shape: unknown): RefusedError | null {
  const { message, data } = (shape ?? {}) as {
    message?: unknown;
    data?: { meshworkCode?: unknown; requestId?: unknown };
  };
  if (typeof message !== "string" || typeof data?.meshworkCode !== "string") return null;
  return new RefusedError(data.meshworkCode, message, { detail: { requestId: data.requestId } });
}
