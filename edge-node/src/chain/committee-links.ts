import { limits, type NodeId } from "@meshwork/foundation";
import { streamNames } from "@meshwork/protocol";
import type { Channels, KeptChannel } from "./channel.ts";

export const consensusFrames = { maxFrameBytes: limits.consensusFrameBytes } as const;

/** A channel to each member of the committee, for its members and for those who bring transactions. */
export class CommitteeLinks {
  readonly #channels: Pick<Channels, "keep">;
  readonly #me: NodeId;
  readonly #onUp: (member: NodeId) => void;
  readonly #links = new Map<NodeId, KeptChannel>();

  /** @param parts.onUp a member can be reached, for the first time or again. */
  constructor(parts: {
    channels: Pick<Channels, "keep">;
    me: NodeId;
    onUp: (member: NodeId) => void;
  }) {
    this.#channels = parts.channels;
    this.#me = parts.me;
    this.#onUp = parts.onUp;
  }

  /** Who the committee is now; to be called whenever it may have changed. */
  update(members: readonly NodeId[]): void {
    for (const [member, link] of this.#links)
      if (!members.includes(member)) {
        link.stop();
        this.#links.delete(member);
      }
    for (const member of members)
      if (member !== this.#me && !this.#links.has(member)) this.#keep(member);
  }

  /** What cannot be sent now is lost: whoever needs it to arrive sends it again. */
  send(to: NodeId, frame: Uint8Array): void {
    this.#links.get(to)?.trySend(frame);
  }

  broadcast(frame: Uint8Array): void {
    for (const link of this.#links.values()) link.trySend(frame);
  }

  stop(): void {
    this.update([]);
  }

  #keep(member: NodeId): void {
    const onUp = () => this.#onUp(member);
    const options = { ...consensusFrames, onUp };
    this.#links.set(member, this.#channels.keep(member, streamNames.consensus, options));
  }
}
