import { type Clock, limits, type NodeId } from "@meshwork/foundation";
import {
  type HandOver,
  type ProvenHeader,
  type SyncRequest,
  streamNames,
  syncReply,
  syncRequest,
} from "@meshwork/protocol";
import type { Channel, Channels } from "../channel.ts";

/** Each is awaited before the next frame is read: a slow disk slows the peer. Throwing ends the source. */
export interface SyncSourceEvents {
  /** What it claims to have, with the proof; null: nothing yet. */
  onHead(head: ProvenHeader | null): void;
  onBlocks(encoded: readonly Uint8Array[]): Promise<void>;
  onRange(from: number, encoded: readonly Uint8Array[]): void;
  onHandOvers(handOvers: readonly HandOver[]): void;
  /** It has no blocks up to this one. */
  onBeginsAfter(height: number): void;
}

export interface SyncSourceParts {
  chain: { head: { height: number } };
  channels: Pick<Channels, "open">;
  clock: Pick<Clock, "monotonic">;
}

/** One peer that tells of new blocks, and brings them if asked to. */
export class SyncSource {
  readonly peer: NodeId;
  /** By the monotonic clock. */
  readonly openedAt: number;
  /** Why it ended; null when the peer closed in peace. */
  readonly ended: Promise<unknown>;
  /** What it has shown to be final. */
  height = 0;
  /** It answers: it can be asked for blocks. */
  isUp = false;
  #channel: Channel | null = null;
  readonly #abort = new AbortController();

  constructor(peer: NodeId, parts: SyncSourceParts, events: SyncSourceEvents) {
    this.peer = peer;
    this.openedAt = parts.clock.monotonic();
    this.ended = this.#run(parts, events).then(
      () => null,
      (error: unknown) => error,
    );
  }

  ask(request: SyncRequest): void {
    if (!this.#channel?.trySend(syncRequest.encode(request)))
      this.end(new Error("the peer takes no request"));
  }

  end(reason: Error): void {
    this.#abort.abort(reason);
    this.#channel?.abort(reason);
  }

  async #run({ chain, channels }: SyncSourceParts, events: SyncSourceEvents): Promise<void> {
    const channel = await channels.open(this.peer, streamNames.sync, {
      maxFrameBytes: limits.syncFrameBytes,
      signal: this.#abort.signal,
    });
    try {
      this.#abort.signal.throwIfAborted();
      this.#channel = channel;
      this.ask({ kind: "follow", from: chain.head.height + 1, blocks: false });
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
        return events.onHead(reply.head);
      case "blocks":
        return events.onBlocks(reply.blocks);
      case "range":
        return events.onRange(reply.from, reply.blocks);
      case "hand-overs":
        return events.onHandOvers(reply.handOvers);
      case "begins-after":
        return events.onBeginsAfter(reply.height);
    }
  }
}
