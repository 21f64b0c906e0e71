import { messageOf } from "@meshwork/foundation";
import { StorageError } from "../storage-error.ts";

/** What a request was about, for the text of its error. */
export interface Place {
  readonly kind: "bucket" | "table";
  readonly name: string;
}

/** What the SDK throws bears these, all of them optional; so do the errors of Node's sockets. */
interface Failure {
  readonly name: string;
  readonly code: string;
  readonly status: number;
  readonly message: string;
}

/** The error names of a service that mean the same to whoever must mend it. */
const CLOCK = ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"];
const MISSING = ["NoSuchBucket", "ResourceNotFoundException", "TableNotFoundException"];
const ELSEWHERE = [
  "PermanentRedirect",
  "AuthorizationHeaderMalformed",
  "IllegalLocationConstraintException",
];
const LOAD = [
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "TooManyRequestsException",
];
const RIGHTS = [
  "AccessDenied",
  "AccessDeniedException",
  "AllAccessDisabled",
  "CredentialsProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "IncompleteSignatureException",
  "InvalidAccessKeyId",
  "InvalidSignatureException",
  "InvalidToken",
  "MissingAuthenticationTokenException",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
];
const NETWORK =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ERR_STREAM_PREMATURE_CLOSE)$/;

/**
 * What a request to AWS ended with, as an error that says what to do about it. What is none of the
 * network's or the service's (a broken source of a stream, a mistake of the program) stays what it is.
 */
export function explained(error: unknown, place: Place): unknown {
  if (error instanceof StorageError) return error;
  const failure = failureOf(error);
  const meaning = meaningOf(failure, `${place.kind} ${place.name}`);
  if (meaning === null) return error;
  const [code, text] = meaning;
  const answer = [failure.name, failure.status || failure.code, failure.message];
  return new StorageError(code, `${text} (${answer.filter(Boolean).join(", ")})`, {
    detail: { [place.kind]: place.name, name: failure.name, status: failure.status },
    cause: error,
  });
}

function meaningOf(failure: Failure, place: string): [StorageError["code"], string] | null {
  const { name, code, status, message } = failure;
  if (CLOCK.includes(name) || /Signature (expired|not yet current)/.test(message))
    return ["CLOCK_SKEWED", `${place}: this machine's clock is wrong; set it (NTP) and try again`];
  if (MISSING.includes(name))
    return [
      "STORE_MISSING",
      `${place} is not there: check its name, the account, AWS_REGION and AWS_ENDPOINT_URL`,
    ];
  if (ELSEWHERE.includes(name) || status === 301)
    return ["STORE_MISSING", `${place} is in another region: set AWS_REGION to that one`];
  // 503 alone is all that S3 says to HEAD.
  if (LOAD.includes(name) || status === 429 || status === 503)
    return [
      "STORE_BUSY",
      `${place} refuses for load, after several attempts: try later, or raise its capacity`,
    ];
  if (RIGHTS.includes(name) || status === 401 || status === 403)
    return [
      "STORE_FORBIDDEN",
      `${place} may not be used so: check the credentials (AWS_ACCESS_KEY_ID, AWS_PROFILE or the task's role) and their policy`,
    ];
  if (name === "TimeoutError" || NETWORK.test(code) || status >= 500)
    return [
      "STORE_UNREACHABLE",
      `${place} gave no whole answer, after several attempts: check the network and AWS_ENDPOINT_URL, and try again`,
    ];
  if (message === "Region is missing")
    return ["STORE_MISSING", `${place} has no region: set AWS_REGION`];
  return status > 0 ? ["STORE_REFUSED", `${place}: the service refused the request`] : null;
}

function failureOf(error: unknown): Failure {
  const { name, code, $metadata } = Object(error) as {
    name?: unknown;
    code?: unknown;
    $metadata?: { httpStatusCode?: number };
  };
  return {
    name: String(name ?? "Error"),
    code: String(code ?? ""),
    status: $metadata?.httpStatusCode ?? 0,
    message: messageOf(error),
  };
}

/** For `catch`: these answers are an ordinary "no", and become `value`. */
export function when<T>(names: readonly string[], value: T): (error: unknown) => T {
  return (error) => {
    if (names.includes(failureOf(error).name)) return value;
    throw error;
  };
}

/** The HTTP status that a request was answered with; 0 when it was not answered. */
export const statusOf = (error: unknown): number => failureOf(error).status;
