/**
 * Every bound of the front door, each with its reason; what a task may hold is bounded by
 * foundation's `limits`. Sizes in bytes, times in ms.
 */
export const doorLimits = {
  /** A submit is the largest call: a transaction (128 KiB) and a contract (8 KiB), in base64. */
  callBytes: 256 << 10,
  /** tRPC calls in one HTTP request; each is charged to the rate limit. */
  callsPerRequest: 16,
  headerBytes: 16 << 10,
  /** A request's head is one packet; who takes longer holds a socket for nothing. */
  headTimeoutMs: 10_000,
  /** The largest input (64 MiB) over a home uplink of 10 Mbit/s takes a minute. */
  requestTimeoutMs: 120_000,
  /** A socket on which nothing moves is cut: a reader of events who stopped reading, too. */
  idleSocketMs: 60_000,
  /** Each costs about 50 KB. */
  connections: 2_000,
  /** Uploads wait in memory for their order: all of them, and one requester's. */
  stagedBytes: 256 << 20,
  /** One largest input, one program, and room for the rest. */
  stagedBytesPerAccount: 96 << 20,
  stagedObjectsPerAccount: 64,
  /** An upload whose order does not come is forgotten. */
  stagedMs: 5 * 60_000,
  /** Chunks of files on their way in or out, a MiB each and its copies: more are told to come again. */
  chunksAtOnce: 32,
  /** An order is final in well under a second; a network without a quorum must not hold the caller. */
  placeTimeoutMs: 30_000,
  /** How far a signed request's time may be from ours, and so how long its nonce is remembered. */
  requestWindowMs: 30_000,
  /** Two minutes' worth of a thousand signed requests a second. */
  nonces: 120_000,
  /** A stolen token is worth no longer than this. */
  sessionMs: 10 * 60_000,
  /** Checked tokens, half a KB each. */
  knownSessions: 4_096,
  /** Event streams at a time: all, and one requester's. */
  watches: 1_000,
  watchesPerAccount: 32,
  /** Views that wait for a slow reader; then the newest takes the place of the one before it. */
  watchBacklog: 64,
  /** A stream ends after this and the client takes it up where it was: no stream outlives a key. */
  watchMs: 15 * 60_000,
  /** Keeps proxies from closing a quiet stream, and shows a dead socket. */
  pingMs: 15_000,
  /** Results on their way out, all together, from the store to the last byte sent. */
  resultBytes: 512 << 20,
  /** The bytes, their base64, and the JSON around that: memory for one byte of a result. */
  resultCopies: 4,
  resultsWaiting: 1_000,
  resultWaitMs: 5_000,
  /** Remembered buckets of the rate limit; the least recently used goes first. */
  rateBuckets: 50_000,
  /** One answer's worth of nodes, and of reasons. */
  pageSize: 200,
} as const;
