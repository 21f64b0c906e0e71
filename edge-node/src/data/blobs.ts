import {
  type Clock,
  type ContentId,
  codeOf,
  limits,
  type NodeId,
  sleep,
} from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import { contentIdOf, type ObjectStore } from "@meshwork/storage";
import type { Channel, OpenChannel } from "../chain/channel.ts";
import { BlobError } from "./blob-error.ts";
import { type BlobRequest, blobReply, blobRequest } from "./blob-messages.ts";
import { type ServeBlobsParts, serveBlobs } from "./serve-blobs.ts";
import { frameReader, receiveChunks, sendChunks } from "./transfer.ts";

export interface BlobsParts {
  /** Objects on this machine. What is fetched is kept here. */
  store: ObjectStore;
  /** A store that several nodes share, S3 for one. @default none */
  cache?: ObjectStore;
  openChannel: OpenChannel;
  clock: Clock;
  log: Log;
  /** Which pushed objects this node takes. @default none: only who expects objects takes them */
  admitPut?: ServeBlobsParts["admitPut"];
}

export interface FetchOptions {
  /** Nodes that may have it, best first. */
  hints: readonly NodeId[];
  /** Larger content is refused before it is read. */
  maxBytes: number;
  signal?: AbortSignal;
}

/** Content by address: from this machine, from the cache, or from any peer that may have it. */
export interface Blobs {
  /** Keeps the bytes here, and in the cache where there is one. */
  put(bytes: Uint8Array): Promise<ContentId>;
  /**
   * Always the very content that `id` names.
   * @throws BlobError `BLOB_HASH_MISMATCH` when a peer lied and nobody had it; `BLOB_UNAVAILABLE` when
   * nobody had it; `BLOB_TOO_LARGE`. Or the signal's reason.
   */
  fetch(id: ContentId, options: FetchOptions): Promise<Uint8Array>;
  /** Brings the bytes to a peer; resolves once they are durable there. @throws BlobError */
  push(peer: NodeId, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** For the node's door: upon a stream of `streamNames.blobs`. */
  readonly onChannel: (channel: Channel) => void;
}

export function createBlobs(parts: BlobsParts): Blobs {
  /** Peers that sent other content than asked for: asked last from now on. */
  const liars = new Set<NodeId>();

  function noteLiar(peer: NodeId, id: ContentId): void {
    parts.log.warn("a peer sent other content than asked for", { peer, id });
    if (liars.size < limits.blobQuotaPeers) liars.add(peer);
  }

  /** A copy is a convenience: who has the bytes can work, also when the disk is full. */
  async function keepCopy(id: ContentId, bytes: Uint8Array): Promise<void> {
    try {
      await parts.store.put(bytes);
    } catch (error) {
      parts.log.warn("fetched content could not be kept", { id, error });
    }
  }

  async function fromHere(id: ContentId): Promise<Uint8Array | null> {
    return parts.store.get(id).catch((error: unknown) => {
      parts.log.warn("an object here is damaged; it is fetched again", { id, error });
      return null;
    });
  }

  async function fromCache(id: ContentId): Promise<Uint8Array | null> {
    if (!parts.cache) return null;
    return parts.cache.get(id).catch((error: unknown) => {
      parts.log.warn("the cache failed; peers are asked instead", { id, error });
      return null;
    });
  }

  async function fromPeers(id: ContentId, options: FetchOptions): Promise<Uint8Array> {
    const { hints, maxBytes, signal } = options;
    const peers = [...hints].sort((a, b) => Number(liars.has(a)) - Number(liars.has(b)));
    const failures: { peer: NodeId; code: string }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      if (round > 0) await sleep(parts.clock, round * RETRY_MS, signal);
      failures.length = 0;
      for (const peer of peers) {
        try {
          return await getFrom(parts, { peer, id, maxBytes, ...(signal && { signal }) });
        } catch (error) {
          signal?.throwIfAborted();
          const code = codeOf(error);
          if (code === "BLOB_HASH_MISMATCH") noteLiar(peer, id);
          failures.push({ peer, code });
        }
      }
      if (failures.every(({ code }) => FINAL.has(code))) break;
    }
    throw notFetched(id, failures);
  }

  return {
    async put(bytes) {
      const id = await parts.store.put(bytes);
      await parts.cache?.put(bytes);
      return id;
    },
    async fetch(id, options) {
      options.signal?.throwIfAborted();
      const here = await fromHere(id);
      const bytes = here ?? (await fromCache(id)) ?? (await fromPeers(id, options));
      if (bytes.length > options.maxBytes) throw notFetched(id, [{ code: "BLOB_TOO_LARGE" }]);
      if (here === null) await keepCopy(id, bytes);
      return bytes;
    },
    push: (peer, bytes, signal) => putTo(parts, peer, bytes, signal),
    onChannel: serveBlobs({ admitPut: () => false, ...parts }),
  };
}

const ROUNDS = 3;
const RETRY_MS = 250;
/** Asking the same peer again would give the same answer. */
const FINAL = new Set(["BLOB_MISSING", "BLOB_TOO_LARGE", "BLOB_HASH_MISMATCH"]);

interface Get {
  peer: NodeId;
  id: ContentId;
  maxBytes: number;
  signal?: AbortSignal;
}

async function getFrom(parts: BlobsParts, get: Get): Promise<Uint8Array> {
  const { peer, id, maxBytes, signal } = get;
  return withStream(parts, { peer, ...(signal && { signal }) }, async (channel) => {
    const nextFrame = frameReader(channel, parts.clock);
    await request(channel, { kind: "get", id, maxBytes });
    const { sizeBytes } = expectReply(await nextFrame(), "found");
    if (sizeBytes > maxBytes) throw new BlobError("BLOB_TOO_LARGE", `${id} is too large`);
    return receiveChunks(nextFrame, sizeBytes, id);
  });
}

async function putTo(
  parts: BlobsParts,
  peer: NodeId,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const id = contentIdOf(bytes);
  await withStream(parts, { peer, ...(signal && { signal }) }, async (channel) => {
    const nextFrame = frameReader(channel, parts.clock);
    await request(channel, { kind: "put", id, sizeBytes: bytes.length });
    if (expectReply(await nextFrame(), "ready", "stored").kind === "stored") return;
    await sendChunks(channel, bytes);
    expectReply(await nextFrame(), "stored");
  });
}

/** One stream for one object, ended in any case. */
async function withStream<T>(
  parts: BlobsParts,
  { peer, signal }: { peer: NodeId; signal?: AbortSignal },
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = await parts.openChannel(peer, signal);
  const onAbort = () => channel.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    const result = await work(channel);
    await channel.close();
    return result;
  } catch (error) {
    channel.abort(error instanceof Error ? error : new Error("aborted", { cause: error }));
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

const request = (channel: Channel, value: BlobRequest) => channel.send(blobRequest.encode(value));

type ReplyKind = "found" | "ready" | "stored";

function expectReply<K extends ReplyKind>(frame: Uint8Array, ...kinds: K[]) {
  const reply = blobReply.decode(frame);
  if (reply.kind === "refused")
    throw new BlobError(reply.code, `the peer refused the object: ${reply.code}`);
  const known = kinds.find((kind) => kind === reply.kind);
  if (known === undefined)
    throw new BlobError("BLOB_TRANSFER_FAILED", `the peer answered ${reply.kind} out of turn`);
  return reply as Extract<typeof reply, { kind: K }>;
}

function notFetched(id: ContentId, failures: readonly { code: string }[]): BlobError {
  const detail = { id, failures: [...failures] };
  const has = (code: string) => failures.some((failure) => failure.code === code);
  if (has("BLOB_HASH_MISMATCH"))
    return new BlobError(
      "BLOB_HASH_MISMATCH",
      `what was received for ${id} has another hash, and no other peer had it: name more peers`,
      { detail },
    );
  if (has("BLOB_TOO_LARGE"))
    return new BlobError("BLOB_TOO_LARGE", `${id} is larger than was agreed to`, { detail });
  return new BlobError(
    "BLOB_UNAVAILABLE",
    `${id} is not on this machine, and none of ${failures.length} peers gave it: start one that has it, or put it again`,
    { detail },
  );
}
