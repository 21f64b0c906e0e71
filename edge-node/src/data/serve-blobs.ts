import { type Clock, type ContentId, codeOf, limits, type NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { Channel } from "../chain/channel.ts";
import { PeerSlots } from "../chain/peer-slots.ts";
import { BlobError, type BlobRefusal } from "./blob-error.ts";
import { type BlobReply, blobReply, blobRequest } from "./blob-messages.ts";
import { PutQuota } from "./put-quota.ts";
import { frameReader, receiveChunks, sendChunks } from "./transfer.ts";

export interface ServeBlobsParts {
  store: {
    get(id: ContentId, options: { maxBytes: number }): Promise<Uint8Array | null>;
    put(bytes: Uint8Array): Promise<ContentId>;
  };
  clock: Clock;
  log: Log;
  /** Whether this node takes that object from that peer: asked before a byte of it comes. */
  admitPut: (peer: NodeId, id: ContentId, sizeBytes: number) => boolean;
}

/** Upon a stream from a peer: give the object that it asks for, or take the one that it brings. */
export function serveBlobs(parts: ServeBlobsParts): (channel: Channel) => void {
  const quota = new PutQuota(parts.clock);
  const slots = new PeerSlots({
    total: limits.blobTransfers,
    perPeer: limits.blobTransfersPerPeer,
  });

  async function answer(channel: Channel): Promise<void> {
    const peer = channel.nodeId;
    const nextFrame = frameReader(channel, parts.clock);
    const request = blobRequest.decode(await nextFrame());
    const release = slots.take(peer);
    if (release === null) throw refusal("BLOB_BUSY");
    try {
      if (request.kind === "get") await give(channel, request);
      else await take(channel, nextFrame, { peer, ...request });
    } finally {
      release();
    }
  }

  async function give(channel: Channel, { id, maxBytes }: { id: ContentId; maxBytes: number }) {
    const bytes = await parts.store.get(id, { maxBytes });
    if (bytes === null) throw refusal("BLOB_MISSING");
    await reply(channel, { kind: "found", sizeBytes: bytes.length });
    await sendChunks(channel, bytes);
  }

  async function take(
    channel: Channel,
    nextFrame: () => Promise<Uint8Array>,
    put: { peer: NodeId; id: ContentId; sizeBytes: number },
  ) {
    const { peer, id, sizeBytes } = put;
    if (!parts.admitPut(peer, id, sizeBytes)) throw refusal("BLOB_UNWELCOME");
    // A damaged one is none: it is taken again.
    const here = await parts.store.get(id, { maxBytes: sizeBytes }).catch(() => null);
    if (here === null) {
      if (!quota.take(peer, sizeBytes)) throw refusal("BLOB_QUOTA_EXCEEDED");
      await reply(channel, { kind: "ready" });
      await parts.store.put(await receiveChunks(nextFrame, sizeBytes, id));
    }
    await reply(channel, { kind: "stored" });
  }

  return (channel) => {
    answer(channel)
      .catch(async (error) => {
        const code = codeOf(error);
        parts.log.debug("a blob was not served", { peer: channel.nodeId, code });
        const refused = blobReply.schema.safeParse({
          kind: "refused",
          code: REFUSED_AS[code] ?? code,
        });
        if (refused.success) await reply(channel, refused.data);
      })
      .then(() => channel.close())
      .catch((error) => channel.abort(error));
  };
}

/** A damaged object is no object; a full store takes no more. */
const REFUSED_AS: Readonly<Record<string, BlobRefusal>> = {
  OBJECT_DAMAGED: "BLOB_MISSING",
  OBJECT_TOO_LARGE: "BLOB_TOO_LARGE",
  STORE_FULL: "BLOB_QUOTA_EXCEEDED",
};

const reply = (channel: Channel, value: BlobReply) => channel.send(blobReply.encode(value));

const refusal = (code: BlobRefusal) => new BlobError(code, `the request is refused: ${code}`);
