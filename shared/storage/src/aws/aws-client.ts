import { isIP } from "node:net";
import { type Clock, limits, systemClock } from "@meshwork/foundation";
import { StorageError } from "../storage-error.ts";
import { explained, type Place } from "./aws-error.ts";

export interface AwsOptions {
  /** @default the standard AWS environment: AWS_ENDPOINT_URL, AWS_REGION, AWS_PROFILE, the task's role, … */
  connection?: AwsConnection;
  /** Of one request, with exponential backoff between them. @default limits.storageAttempts */
  attempts?: number;
  /** A connection on which nothing moves for so long is given up. @default limits.storageSilenceMs */
  silenceMs?: number;
  /** What one operation may take, on top of the time for its bytes. @default limits.storageOperationMs */
  operationMs?: number;
  /** @default the machine's */
  clock?: Clock;
}

export interface AwsConnection {
  endpoint?: string;
  region?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** What both clients are made with. */
export const clientSettings = (options: AwsOptions) => ({
  ...options.connection,
  maxAttempts: options.attempts ?? limits.storageAttempts,
  // `adaptive` would hold requests back on the client's side, without bound.
  retryMode: "standard" as const,
  requestHandler: {
    connectionTimeout: limits.storageConnectMs,
    socketTimeout: options.silenceMs ?? limits.storageSilenceMs,
  },
});

/** How long an operation may still take. It knows more as soon as it knows how many bytes it moves. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** From now on, as long as a slow line needs for so many bytes. */
  allow(sizeBytes: number): void;
}

export type Operation = <T>(work: (deadline: Deadline) => Promise<T>) => Promise<T>;

/**
 * Runs operations on one bucket or table: each ends by its deadline, whatever the service does (a
 * line that drips is never silent), and says by a StorageError what went wrong.
 */
export function operations(place: Place, options: AwsOptions): Operation {
  const { clock = systemClock, operationMs = limits.storageOperationMs } = options;
  return async (work) => {
    const aborter = new AbortController();
    let cancel = () => {};
    const allow = (sizeBytes: number) => {
      const allowedMs = operationMs + (1_000 * sizeBytes) / limits.storageBytesPerSecond;
      cancel();
      cancel = clock.setTimer(allowedMs, () => aborter.abort(tooSlow(place, allowedMs)));
    };
    allow(0);
    try {
      return await work({ signal: aborter.signal, allow });
    } catch (error) {
      throw explained(aborter.signal.aborted ? aborter.signal.reason : error, place);
    } finally {
      cancel();
    }
  };
}

const tooSlow = ({ kind, name }: Place, allowedMs: number) =>
  new StorageError(
    "STORE_UNREACHABLE",
    `${kind} ${name} took longer than the ${Math.round(allowedMs)} ms that the operation may take: check the network and try again`,
    { detail: { [kind]: name, allowedMs } },
  );

/**
 * Whether the bucket goes into the path, not into the host's name. It must for an endpoint that has no
 * names below its own: an address, or a machine or container by its plain name.
 */
export function needsPathStyle(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  const { hostname } = new URL(endpoint);
  return isIP(hostname) !== 0 || !hostname.includes(".");
}
