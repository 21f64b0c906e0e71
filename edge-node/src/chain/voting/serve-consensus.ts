import { limits, type NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import { type ConsensusMessage, consensusMessageWire, streamNames } from "@meshwork/protocol";
import type { Channel, Channels } from "../channel.ts";
import type { TransactionIntake } from "../mempool/transaction-intake.ts";
import { PeerSlots, totalByStanding } from "../peer-slots.ts";
import type { Chain } from "../store/chain.ts";
import { type CommitteeLinks, consensusFrames } from "./committee-links.ts";

export interface ConsensusEars {
  intake: Pick<TransactionIntake, "receive">;
  /** The replica's ear; it minds itself who belongs to the committee. */
  onMessage: (from: NodeId, message: ConsensusMessage) => void;
}

/**
 * Upon a frame: transactions go to the intake, from whomever; all else goes to the replica. Throws at what is no
 * message, which ends the channel: an honest node sends none.
 */
export const consensusReader =
  ({ intake, onMessage }: ConsensusEars) =>
  (from: NodeId, frame: Uint8Array): void => {
    const message = consensusMessageWire.decode(frame);
    if (message.kind === "transactions") intake.receive(from, message.transactions);
    else onMessage(from, message);
  };

export interface ServeConsensusParts {
  chain: Pick<Chain, "head">;
  channels: Pick<Channels, "serve">;
  links: Pick<CommitteeLinks, "accept">;
  onFrame: (from: NodeId, frame: Uint8Array) => void;
  log: Log;
}

/** Listens on the channels that others open. */
export async function serveConsensus(parts: ServeConsensusParts): Promise<void> {
  const slots = new PeerSlots({
    total: limits.consensusChannels,
    perPeer: limits.consensusChannelsPerPeer,
    totalFor: (peer) => totalByStanding(limits.consensusChannels, parts.chain.head.state, peer),
  });

  async function take(channel: Channel): Promise<void> {
    const { nodeId } = channel;
    const release = slots.take(nodeId);
    if (release === null) {
      channel.abort(new Error("this node listens to as many as it can"));
      return;
    }
    try {
      parts.links.accept(channel);
      for await (const frame of channel) parts.onFrame(nodeId, frame);
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
