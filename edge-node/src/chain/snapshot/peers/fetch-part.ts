import { type Clock, type ContentId, codeOf, type NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import { BlobError } from "../../../data/blob-error.ts";
import { blobReply, blobRequest } from "../../../data/blob-messages.ts";
import { frameReader, receiveChunks } from "../../../data/transfer.ts";
import type { OpenChannel } from "../../channel.ts";

export interface FetchPartParts {
  openChannel: OpenChannel;
  clock: Clock;
  log: Log;
}

/** One object from the first of these peers that gives the very content; null when none does. */
export async function fetchPart(
  parts: FetchPartParts,
  peers: readonly NodeId[],
  wanted: { id: ContentId; maxBytes: number },
): Promise<Uint8Array | null> {
  for (const peer of peers) {
    try {
      return await fetchFrom(parts, peer, wanted);
    } catch (error) {
      const fields = { peer, id: wanted.id, code: codeOf(error) };
      parts.log.warn("a peer did not give its part of a snapshot", fields);
    }
  }
  return null;
}

async function fetchFrom(
  { openChannel, clock }: FetchPartParts,
  peer: NodeId,
  { id, maxBytes }: { id: ContentId; maxBytes: number },
): Promise<Uint8Array> {
  const channel = await openChannel(peer);
  try {
    const nextFrame = frameReader(channel, clock);
    await channel.send(blobRequest.encode({ kind: "get", id, maxBytes }));
    const reply = blobReply.decode(await nextFrame());
    if (reply.kind === "refused") throw new BlobError(reply.code, `the peer refused ${id}`);
    if (reply.kind !== "found" || reply.sizeBytes > maxBytes)
      throw new BlobError("BLOB_TRANSFER_FAILED", "the peer answered out of turn");
    const bytes = await receiveChunks(nextFrame, reply.sizeBytes, id);
    await channel.close();
    return bytes;
  } catch (error) {
    channel.abort(error instanceof Error ? error : new Error("failed", { cause: error }));
    throw error;
  }
}
