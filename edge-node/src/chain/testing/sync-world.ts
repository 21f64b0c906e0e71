import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NodeId, systemClock } from "@meshwork/foundation";
import type { TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import {
  type FinalizedBlock,
  type ProvenHeader,
  type SyncReply,
  streamNames,
  syncReply,
} from "@meshwork/protocol";
import type { Channel, Channels } from "../channel.ts";
import { createSnapshot } from "../snapshot/create-snapshot.ts";
import { findSnapshot } from "../snapshot/list-snapshots.ts";
import { restoreSnapshot } from "../snapshot/restore-snapshot.ts";
import { MemorySnapshotStore } from "../snapshot/testing/memory-store.ts";
import { type Chain, openChain } from "../store/chain.ts";
import { serveSync } from "../sync/serve-sync.ts";
import { Sync, type SyncParts } from "../sync/sync.ts";
import { MemoryNetwork } from "./memory-network.ts";

/** Names of peers, as long as real ones. */
export const peerNamed = (name: string): NodeId => name.padEnd(44, "x") as NodeId;

const me = peerNamed("me");

export interface FollowOptions extends Pick<SyncParts, "distrust"> {
  /** @default false */
  isSeated?: boolean;
}

/** Chains of one history in a folder, each for a peer, and one that follows them. Its clock runs fast. */
export class SyncWorld {
  readonly source: TestNetwork;
  readonly net = new MemoryNetwork();
  /** What the follower warned of, as JSON. */
  readonly warnings: string[] = [];
  readonly fatal: unknown[] = [];
  readonly #folder: string;
  readonly #speed: number;
  /** Ended in reverse. */
  readonly #running: { stop(): Promise<void> }[] = [];

  private constructor(source: TestNetwork, folder: string, speed: number) {
    this.source = source;
    this.#folder = folder;
    this.#speed = speed;
  }

  /** @param speed of the follower's clock, against ours */
  static async create(source: TestNetwork, speed: number): Promise<SyncWorld> {
    return new SyncWorld(source, await mkdtemp(join(tmpdir(), "meshwork-sync-")), speed);
  }

  async end(): Promise<void> {
    for (const each of this.#running.splice(0).reverse()) await each.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A chain of the first so many blocks. */
  async openAt(name: string, height: number): Promise<Chain> {
    const chain = await this.#open(name);
    await chain.commitFinal(this.source.blocks.slice(0, height));
    return chain;
  }

  /** A chain of the same blocks that began at a snapshot. */
  async openFrom(name: string, base: number, height: number): Promise<Chain> {
    const { genesis, blocks } = this.source;
    const store = new MemorySnapshotStore();
    const before = await this.openAt(`${name}-before`, base);
    await createSnapshot(before.head, store, { handOvers: await before.handOvers(0) });
    const folder = join(this.#folder, name);
    await restoreSnapshot(await findSnapshot(store), store, { genesis, folder });
    const chain = await this.#open(join(name, "chain"));
    await chain.commitFinal(blocks.slice(0, height));
    return chain;
  }

  async #open(name: string): Promise<Chain> {
    const { genesis } = this.source;
    const folder = join(this.#folder, name);
    const chain = await openChain({ folder, genesis, log: silentLog });
    this.#running.push({ stop: () => chain.close() });
    return chain;
  }

  async serve(
    chain: Chain,
    peer: NodeId,
    channels: Pick<Channels, "serve"> = this.net.channels(peer),
  ): Promise<Chain> {
    await serveSync({ chain, channels, log: silentLog });
    return chain;
  }

  /** A peer that shows the proof of `height`, or what it says instead, and answers as it likes. */
  async liar(
    peer: NodeId,
    shown: number | ProvenHeader,
    answer: (channel: Channel, frame: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const head = typeof shown === "number" ? this.provenAt(shown) : shown;
    const lie = async (channel: Channel) => {
      await channel.send(encodeReply({ kind: "head", head }));
      for await (const frame of channel) await answer(channel, frame);
    };
    await this.net
      .channels(peer)
      .serve(streamNames.sync, (channel) => void lie(channel).catch(() => {}));
  }

  provenAt(height: number): ProvenHeader {
    const { block, certificate } = this.source.blocks[height - 1] as FinalizedBlock;
    return { header: block.header, certificate };
  }

  follow(
    chain: Chain,
    candidates: readonly NodeId[],
    { isSeated = false, ...parts }: FollowOptions = {},
  ): Sync {
    const log = {
      ...silentLog,
      warn: (_: string, fields?: object) => this.warnings.push(JSON.stringify(fields)),
    };
    const speed = this.#speed;
    const sync = new Sync({
      ...parts,
      chain,
      channels: this.net.channels(me),
      candidates: () => candidates,
      isSeated: () => isSeated,
      clock: {
        ...systemClock,
        monotonic: () => speed * systemClock.monotonic(),
        setTimer: (delayMs, callback) => systemClock.setTimer(delayMs / speed, callback),
      },
      log: { ...log, child: () => log },
      onFatal: (error) => this.fatal.push(error),
    });
    this.#running.push(sync);
    return sync;
  }
}

export const encodeReply = (reply: SyncReply): Uint8Array => syncReply.encode(reply);
