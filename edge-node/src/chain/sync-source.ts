import { limits, type NodeId } from "@meshwork/foundation";
import { streamNames } from "@meshwork/protocol";
import type { Channel, Channels } from "./channel.ts";
import { syncReply, syncRequest } from "./sync-messages.ts";

export interface SyncSourceEvents {
  /** It answers: it can be asked for blocks now. */
  onUp(): void;
  /** Awaited before the next frame is read: a slow disk slows the peer. */
  onBlocks(encoded: readonly Uint8Array[]): Promise<void>;
}

/** One peer that tells of new blocks, and brings them if asked to. */
export class SyncSource {
  readonly peer: NodeId;
  /** Why it ended; null when the peer closed in peace. */
  readonly ended: Promise<unknown>;
  /** What it has claimed to have. */
  height = 0;
  isUp = false;
  #channel: Channel | null = null;
  readonly #abort = new AbortController();

  constructor(
    peer: NodeId,
    parts: { chain: { head: { height: number } }; channels: Pick<Channels, "open"> },
    events: SyncSourceEvents,
  ) {
    this.peer = peer;
    this.ended = this.#run(parts, events).then(
      () => null,
      (error: unknown) => error,
    );
  }

  follow(wish: { from: number; blocks: boolean }): void {
    const frame = syncRequest.encode({ kind: "follow", ...wish });
    if (!this.#channel?.trySend(frame)) this.end(new Error("the peer takes no request"));
  }

  end(reason: Error): void {
    this.#abort.abort(reason);
    this.#channel?.abort(reason);
  }

  async #run(
    { chain, channels }: { chain: { head: { height: number } }; channels: Pick<Channels, "open"> },
    events: SyncSourceEvents,
  ): Promise<void> {
    const channel = await channels.open(this.peer, streamNames.sync, {
      maxFrameBytes: limits.syncFrameBytes,
      signal: this.#abort.signal,
    });
    try {
      this.#abort.signal.throwIfAborted();
      this.#channel = channel;
      this.follow({ from: chain.head.height + 1, blocks: false });
      for await (const frame of channel) await this.#onReply(frame, events);
    } catch (error) {
      channel.abort(error as Error);
      throw error;
    } finally {
      this.isUp = false;
    }
    await channel.close();
  }

  async #onReply(frame: Uint8Array, events: SyncSourceEvents): Promise<void> {
    const reply = syncReply.decode(frame);
    switch (reply.kind) {
      case "head":
        this.height = Math.max(this.height, reply.height);
        if (!this.isUp) {
          this.isUp = true;
          events.onUp();
        }
        return;
      case "blocks":
        return events.onBlocks(reply.blocks);
    }
  }
}
