import { limits, type NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import { type ConsensusMessage, consensusMessageWire, streamNames } from "@meshwork/protocol";
import type { Channel, Channels } from "./channel.ts";
import { consensusFrames } from "./committee-links.ts";
import type { Mempool } from "./mempool.ts";
import { PeerSlots } from "./peer-slots.ts";

export interface ServeConsensusParts {
  channels: Pick<Channels, "serve">;
  mempool: Pick<Mempool, "receive">;
  /** The replica's ear; it minds itself who belongs to the committee. */
  onMessage: (from: NodeId, message: ConsensusMessage) => void;
  log: Log;
}

/** Upon a channel: transactions go to the pool, from whomever; all else goes to the replica. */
export async function serveConsensus(parts: ServeConsensusParts): Promise<void> {
  const slots = new PeerSlots({
    total: limits.consensusChannels,
    perPeer: limits.consensusChannelsPerPeer,
  });

  async function take(channel: Channel): Promise<void> {
    const { nodeId } = channel;
    const release = slots.take(nodeId);
    if (release === null) {
      channel.abort(new Error("this node listens to as many as it can"));
      return;
    }
    try {
      for await (const frame of channel) receive(parts, nodeId, frame);
      await channel.close();
    } catch (error) {
      parts.log.debug("a consensus channel ended", { peer: nodeId, error });
      channel.abort(error instanceof Error ? error : new Error("the channel ended"));
    } finally {
      release();
    }
  }

  await parts.channels.serve(
    streamNames.consensus,
    (channel) => void take(channel),
    consensusFrames,
  );
}

/** A frame that is no message ends the channel: an honest node sends none. */
function receive(parts: ServeConsensusParts, from: NodeId, frame: Uint8Array): void {
  const message = consensusMessageWire.decode(frame);
  if (message.kind === "transactions") parts.mempool.receive(from, message.transactions);
  else parts.onMessage(from, message);
}
