import { limits } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import {
  type SyncReply,
  type SyncRequest,
  streamNames,
  syncReply,
  syncRequest,
} from "@meshwork/protocol";
import type { Channel, Channels } from "../channel.ts";
import { PeerSlots, totalByStanding } from "../peer-slots.ts";
import type { Chain } from "../store/chain.ts";

export interface ServeSyncParts {
  chain: Pick<Chain, "head" | "base" | "encodedBlockAt" | "handOvers" | "waitFor">;
  channels: Pick<Channels, "serve">;
  log: Log;
}

/** Gives final blocks to whoever may open a channel: what is final is no secret,
 * and who was barred shall learn why. */
export async function serveSync(parts: ServeSyncParts): Promise<void> {
  const slots = new PeerSlots({
    total: limits.syncFollowers,
    perPeer: limits.syncFollowersPerPeer,
    totalFor: (peer) => totalByStanding(limits.syncFollowers, parts.chain.head.state, peer),
  });

  async function take(channel: Channel): Promise<void> {
    const { nodeId } = channel;
    const release = slots.take(nodeId);
    if (release === null) {
      channel.abort(new Error("this node pushes blocks to as many as it can"));
      return;
    }
    try {
      await new Follower(parts.chain, channel).run();
    } catch (error) {
      parts.log.debug("a follower's channel ended", { peer: nodeId, error });
      channel.abort(error instanceof Error ? error : new Error("sync ended"));
    } finally {
      release();
    }
  }

  const options = { maxFrameBytes: limits.syncFrameBytes, admitsBlacklisted: true };
  await parts.channels.serve(streamNames.sync, (channel) => void take(channel), options);
}

type Follow = Extract<SyncRequest, { kind: "follow" }>;

/** One channel: reads what the follower wants while it pushes what it wanted last. */
class Follower {
  readonly #chain: ServeSyncParts["chain"];
  readonly #channel: Channel;
  #following: AbortController | null = null;
  #pushing: Promise<void> = Promise.resolve();

  constructor(chain: ServeSyncParts["chain"], channel: Channel) {
    this.#chain = chain;
    this.#channel = channel;
  }

  async run(): Promise<void> {
    try {
      for await (const frame of this.#channel) await this.#onRequest(syncRequest.decode(frame));
      await this.#channel.close();
    } finally {
      this.#following?.abort();
    }
  }

  async #onRequest(request: SyncRequest): Promise<void> {
    switch (request.kind) {
      case "follow":
        return this.#follow(request);
      case "range":
        return this.#sendRange(request);
      case "hand-overs": {
        const handOvers = await this.#chain.handOvers(request.from, limits.syncHandOvers);
        return this.#send({ kind: "hand-overs", handOvers });
      }
    }
  }

  async #sendRange({ from, count }: Extract<SyncRequest, { kind: "range" }>): Promise<void> {
    if (from <= this.#chain.base) return this.#sendBeginning();
    const last = Math.min(this.#chain.head.height, from + count - 1);
    await this.#send({ kind: "range", from, blocks: await this.#blocks(from, last) });
  }

  async #follow(request: Follow): Promise<void> {
    this.#following?.abort();
    // The push before must have ended, or its blocks would mix with the new ones.
    await this.#pushing;
    const following = new AbortController();
    this.#following = following;
    this.#pushing = this.#push(request, following.signal).catch((error) => {
      if (!following.signal.aborted) this.#channel.abort(error);
    });
  }

  async #push(request: Follow, signal: AbortSignal): Promise<void> {
    let next = request.from;
    await this.#pushHead();
    if (request.blocks && next <= this.#chain.base) return this.#sendBeginning();
    while (!signal.aborted) {
      await this.#chain.waitFor(next, signal);
      next = request.blocks ? await this.#pushBlocks(next) : await this.#pushHead();
    }
  }

  /** Who asks for what lies before a snapshot shall know that no patience helps. */
  #sendBeginning(): Promise<void> {
    return this.#send({ kind: "begins-after", height: this.#chain.base });
  }

  async #pushHead(): Promise<number> {
    const { height, header, certificate } = this.#chain.head;
    const head = certificate && height > 0 ? { header, certificate } : null;
    await this.#send({ kind: "head", head });
    return height + 1;
  }

  /** As many as a frame takes; waiting for the channel to take it is the back-pressure. */
  async #pushBlocks(from: number): Promise<number> {
    const last = Math.min(this.#chain.head.height, from + limits.syncBatchBlocks - 1);
    const blocks = await this.#blocks(from, last);
    await this.#send({ kind: "blocks", blocks });
    return from + blocks.length;
  }

  async #blocks(from: number, last: number): Promise<Uint8Array[]> {
    const blocks: Uint8Array[] = [];
    let sizeBytes = 0;
    for (let height = from; height <= last; height++) {
      const block = await this.#chain.encodedBlockAt(height);
      if (block === null) throw new Error(`block ${height} is not on this node`);
      sizeBytes += block.length;
      if (blocks.length > 0 && sizeBytes > limits.blockBytes) break;
      blocks.push(block);
    }
    if (blocks.length === 0) throw new Error(`block ${from} is not final yet`);
    return blocks;
  }

  #send(reply: SyncReply): Promise<void> {
    return this.#channel.send(syncReply.encode(reply));
  }
}
