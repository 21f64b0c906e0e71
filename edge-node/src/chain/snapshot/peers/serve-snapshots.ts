import type { Clock, ContentId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import { type BlobReply, blobReply, blobRequest } from "../../../data/blob-messages.ts";
import { frameReader, sendChunks } from "../../../data/transfer.ts";
import type { Channel } from "../../channel.ts";
import { PeerSlots } from "../../peer-slots.ts";

export interface ServeSnapshotsParts {
  /** A manifest or a chunk that this node keeps for those who join. */
  get: (id: ContentId) => Promise<Uint8Array | null>;
  clock: Clock;
  log: Log;
}

/** Each holds a chunk in memory; they have a stream of their own, so that newcomers delay no task. */
const TRANSFERS = { total: 8, perPeer: 2 };

/** Upon a stream from a peer: gives it the manifest or chunk that it asks for, as task data is given. */
export function serveSnapshots({
  get,
  clock,
  log,
}: ServeSnapshotsParts): (channel: Channel) => void {
  const slots = new PeerSlots(TRANSFERS);

  async function answer(channel: Channel): Promise<void> {
    const request = blobRequest.decode(await frameReader(channel, clock)());
    const release = slots.take(channel.nodeId);
    if (release === null) return refuse(channel, "BLOB_BUSY");
    try {
      if (request.kind === "put") return await refuse(channel, "BLOB_UNWELCOME");
      const bytes = await get(request.id).catch(() => null);
      if (bytes === null) return await refuse(channel, "BLOB_MISSING");
      if (bytes.length > request.maxBytes) return await refuse(channel, "BLOB_TOO_LARGE");
      await channel.send(blobReply.encode({ kind: "found", sizeBytes: bytes.length }));
      await sendChunks(channel, bytes);
    } finally {
      release();
    }
  }

  return (channel) => {
    answer(channel)
      .then(() => channel.close())
      .catch((error) => {
        log.debug("a part of a snapshot was not given", { peer: channel.nodeId, error });
        channel.abort(error);
      });
  };
}

const refuse = (channel: Channel, code: Extract<BlobReply, { kind: "refused" }>["code"]) =>
  channel.send(blobReply.encode({ kind: "refused", code }));
