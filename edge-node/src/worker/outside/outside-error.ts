import { CodedError } from "@meshwork/foundation";

/** Why the world did not answer. The program hears it, and it stands in the transcript: it tells nothing of this machine. */
export class OutsideError extends CodedError<
  | "REQUEST_INVALID"
  | "NOT_IN_CONTRACT"
  | "NOT_SERVED"
  | "ADDRESS_REFUSED"
  | "TOO_MANY_REDIRECTS"
  | "TOO_LARGE"
  | "TIMEOUT"
  | "UNREACHABLE"
  | "MODEL_FAILED"
> {}
