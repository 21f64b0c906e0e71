import { limits, type NodeId } from "@meshwork/foundation";
import { streamNames } from "@meshwork/protocol";
import type { Channel, Channels, KeptChannel } from "../channel.ts";

export const consensusFrames = { maxFrameBytes: limits.consensusFrameBytes } as const;

export interface CommitteeLinksParts {
  me: NodeId;
  channels: Pick<Channels, "keep">;
  onFrame: (from: NodeId, frame: Uint8Array) => void;
  /** A member can be reached, for the first time or again. */
  onUp: (member: NodeId) => void;
}

/**
 * A channel to each member of the committee, for its members and for those who bring transactions. Each
 * side opens one, and one is enough: where mine is not up yet, frames go over the one that came in.
 */
export class CommitteeLinks {
  readonly #parts: CommitteeLinksParts;
  readonly #kept = new Map<NodeId, KeptChannel>();
  readonly #incoming = new Map<NodeId, Channel>();

  constructor(parts: CommitteeLinksParts) {
    this.#parts = parts;
  }

  /** Who the committee is now; to be called whenever it may have changed. */
  update(members: readonly NodeId[]): void {
    for (const [member, link] of this.#kept)
      if (!members.includes(member)) {
        link.stop();
        this.#kept.delete(member);
      }
    for (const member of members)
      if (member !== this.#parts.me && !this.#kept.has(member)) this.#keep(member);
  }

  /** A channel that somebody has opened to this node; read by who serves it. */
  accept(channel: Channel): void {
    const { nodeId } = channel;
    if (!this.#kept.has(nodeId)) return;
    this.#incoming.set(nodeId, channel);
    channel.closed.then(() => {
      if (this.#incoming.get(nodeId) === channel) this.#incoming.delete(nodeId);
    });
    this.#parts.onUp(nodeId);
  }

  /** What cannot be sent now is lost: whoever needs it to arrive sends it again. */
  send(to: NodeId, frame: Uint8Array): void {
    if (!this.#kept.get(to)?.trySend(frame)) this.#incoming.get(to)?.trySend(frame);
  }

  broadcast(frame: Uint8Array): void {
    for (const member of this.#kept.keys()) this.send(member, frame);
  }

  stop(): void {
    this.update([]);
    for (const channel of this.#incoming.values()) channel.abort(new Error("the node stops"));
  }

  #keep(member: NodeId): void {
    const { channels, onFrame, onUp } = this.#parts;
    const link = channels.keep(member, streamNames.consensus, {
      ...consensusFrames,
      onFrame: (frame) => onFrame(member, frame),
      onUp: () => onUp(member),
    });
    this.#kept.set(member, link);
  }
}
