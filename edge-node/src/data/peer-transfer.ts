import type { Clock, ContentId, NodeId } from "@meshwork/foundation";
import { contentIdOf } from "@meshwork/storage";
import type { Channel, OpenChannel } from "../chain/channel.ts";
import { BlobError } from "./blob-error.ts";
import { type BlobRequest, blobReply, blobRequest } from "./blob-messages.ts";
import { frameReader, receiveChunks, sendChunks } from "./transfer.ts";

export interface PeerParts {
  openChannel: OpenChannel;
  clock: Clock;
}

export interface Get {
  peer: NodeId;
  id: ContentId;
  maxBytes: number;
  signal?: AbortSignal;
}

/** The content of `id`, from one peer. @throws BlobError */
export async function getFrom(parts: PeerParts, get: Get): Promise<Uint8Array> {
  const { peer, id, maxBytes, signal } = get;
  return withStream(parts, { peer, ...(signal && { signal }) }, async (channel) => {
    const nextFrame = frameReader(channel, parts.clock);
    await request(channel, { kind: "get", id, maxBytes });
    const { sizeBytes } = expectReply(await nextFrame(), "found");
    if (sizeBytes > maxBytes) throw new BlobError("BLOB_TOO_LARGE", `${id} is too large`);
    return receiveChunks(nextFrame, sizeBytes, id);
  });
}

/** Brings the bytes to one peer; they are durable there when it resolves. @throws BlobError */
export async function putTo(
  parts: PeerParts,
  { peer, bytes, signal }: { peer: NodeId; bytes: Uint8Array; signal?: AbortSignal },
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
  parts: PeerParts,
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
