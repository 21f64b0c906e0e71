import { type Clock, codeOf, every, limits, messageOf, type NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import { type FinalizedBlock, finalizedBlock, type ProvenHeader } from "@meshwork/protocol";
import { ChainError } from "../chain-error.ts";
import type { Channels } from "../channel.ts";
import type { Chain } from "../store/chain.ts";
import { CertifiedHeads } from "./certified-heads.ts";
import { ParallelDownload } from "./parallel-download.ts";
import { isGarbage, RestingPeers } from "./resting-peers.ts";
import { Stranding } from "./stranding.ts";
import { SyncSource } from "./sync-source.ts";

export interface SyncParts {
  /** `commitFinal` throws `CERTIFICATE_INVALID`, `BLOCK_INVALID`, and what only a human can mend. */
  chain: Pick<Chain, "chainId" | "head" | "checks" | "commitFinal">;
  channels: Pick<Channels, "open">;
  /** Nodes that may have blocks, best first: the committee, and whoever discovery found. */
  candidates: () => readonly NodeId[];
  /** A seat makes its blocks itself, and asks others only when it has fallen behind. */
  isSeated: () => boolean;
  /** Looks at the certificates of blocks that will be taken soon. @default not */
  prepare?: (blocks: readonly FinalizedBlock[]) => void;
  /** Why no blocks may be taken from others now. @default they may */
  distrust?: () => ChainError | null;
  clock: Clock;
  log: Log;
  /** What asking another peer does not mend. */
  onFatal: (error: unknown) => void;
}

const TICK_MS = 250;
/** To connect, perhaps over a relay, and to show a head: who is silent for so long makes room for another. */
const SILENT_MS = 15_000;

/**
 * Keeps the chain at the head. It hears of new heights, with their proofs, from a few peers, and takes
 * the blocks from one of them, the primary; from all of them at once while it is far behind. Who serves
 * garbage is banned; who does not bring what he has shown to have is replaced.
 */
export class Sync {
  readonly #parts: SyncParts;
  readonly #heads: CertifiedHeads;
  readonly #sources = new Map<NodeId, SyncSource>();
  /** Claims of epochs that are not known yet: the last of each source, and the epoch from which it was asked. */
  readonly #unproved = new Map<SyncSource, { claim: ProvenHeader; from: number }>();
  readonly #resting: RestingPeers;
  readonly #stranding: Stranding;
  readonly #stopTimer: () => void;
  #primary: SyncSource | null = null;
  #download: ParallelDownload | null = null;
  /** When the chain last grew, or had nothing to grow by. */
  #progressAt: number;
  #heightThen: number;
  /** Blocks are being executed: if that takes long, it is not the peer who is slow. */
  #isTaking = false;
  #isStopped = false;

  constructor(parts: SyncParts) {
    this.#parts = parts;
    this.#heads = new CertifiedHeads(parts.chain);
    this.#resting = new RestingPeers(parts.clock);
    this.#stranding = new Stranding(parts.clock);
    this.#progressAt = parts.clock.monotonic();
    this.#heightThen = parts.chain.head.height;
    this.#stopTimer = every(parts.clock, TICK_MS, () => this.#supervise());
    this.#supervise();
  }

  /** The greatest height that a peer has shown to be final. */
  get heardOf(): number {
    const shown = [...this.#sources.values()].map((source) => source.height);
    return Math.max(0, this.#stranding.heardOf, ...shown);
  }

  /** Why what comes next is not taken, or no peer can bring it; null as a rule. */
  get trouble(): ChainError | null {
    const isBehind = this.heardOf > this.#height;
    return (isBehind ? this.#distrust : null) ?? this.#stranding.trouble;
  }

  get #distrust(): ChainError | null {
    return this.#parts.distrust?.() ?? null;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopTimer();
    const ending = [...this.#sources.values()];
    for (const source of ending) source.end(new Error("stopped"));
    await Promise.all(ending.map((source) => source.ended));
  }

  get #height(): number {
    return this.#parts.chain.head.height;
  }

  get #now(): number {
    return this.#parts.clock.monotonic();
  }

  /** Opens what is missing, and sees to it that blocks come while there are any to be had. */
  #supervise(): void {
    if (this.#isStopped) return;
    this.#stranding.onHead(this.#height);
    this.#endSilent();
    this.#openMissing();
    if (this.#distrust !== null) return;
    const behind = this.heardOf - this.#height;
    const isTaking = this.#isTaking || this.#download?.isTaking === true;
    if (behind <= 0 || isTaking || this.#height > this.#heightThen) this.#progressAt = this.#now;
    this.#heightThen = this.#height;
    const isStalled = this.#now - this.#progressAt > limits.syncStallMs;
    if (this.#download) this.#superviseDownload(this.#download, isStalled);
    else if (behind > limits.syncParallelBlocks) this.#catchUp();
    else this.#supervisePrimary(behind > 0, isStalled);
  }

  #supervisePrimary(isBehind: boolean, isStalled: boolean): void {
    const isSeated = this.#parts.isSeated();
    if (this.#primary && isStalled) this.#replace(this.#primary);
    else if (this.#primary && isSeated && !isBehind) this.#demote(this.#primary);
    else if (!this.#primary && (isStalled || !isSeated)) this.#promote();
  }

  #superviseDownload(download: ParallelDownload, isStalled: boolean): void {
    if (download.isDone || download.isStuck) {
      this.#download = null;
      return;
    }
    const laggard = download.laggard && this.#sources.get(download.laggard);
    if (isStalled && laggard) {
      this.#progressAt = this.#now;
      laggard.end(stalledError(laggard.peer));
    }
    download.advance();
  }

  #catchUp(): void {
    if (this.#primary) this.#demote(this.#primary);
    this.#download = new ParallelDownload(
      {
        head: () => this.#height,
        sources: () => [...this.#sources.values()].filter(({ isUp }) => isUp),
        take: (blocks) => this.#take(blocks),
        prepare: (blocks) => this.#parts.prepare?.(blocks),
        onFailed: (source, error) => source.end(error as Error),
      },
      this.heardOf,
    );
    this.#download.advance();
  }

  #openMissing(): void {
    const candidates = this.#parts.candidates();
    this.#resting.keepOnly(candidates);
    for (const peer of candidates) {
      if (this.#sources.size >= limits.syncSources) return;
      if (!this.#sources.has(peer) && !this.#resting.rests(peer)) this.#open(peer);
    }
  }

  #endSilent(): void {
    for (const source of this.#sources.values())
      if (!source.isUp && this.#now - source.openedAt > SILENT_MS)
        source.end(new ChainError("SYNC_STALLED", `${source.peer} shows no head`));
  }

  #open(peer: NodeId): void {
    const source: SyncSource = new SyncSource(peer, this.#parts, {
      onHead: (head) => this.#onHead(source, head),
      onHandOvers: (handOvers) => {
        this.#heads.learn(handOvers);
        this.#proveAgain(source);
      },
      onBlocks: async (encoded) => {
        if (source === this.#primary) await this.#take(encoded.map(decode));
      },
      onRange: (from, encoded) => this.#download?.onRange(source, from, encoded.map(decode)),
      onBeginsAfter: (height) => this.#onBeginsAfter(source, height),
    });
    this.#sources.set(peer, source);
    source.ended.then((error) => this.#onEnd(source, error));
  }

  #onHead(source: SyncSource, head: ProvenHeader | null): void {
    // What is no news needs no proof: nothing follows from it.
    const isNews = head !== null && head.header.height > Math.max(this.heardOf, this.#height);
    if (isNews && !this.#heads.holds(head)) {
      const asked = this.#unproved.get(source);
      const from = asked?.from ?? this.#heads.knownEpoch;
      this.#unproved.set(source, { claim: head, from });
      if (!asked) source.ask({ kind: "hand-overs", from });
      return;
    }
    source.height = Math.max(source.height, head?.header.height ?? 0);
    if (source.isUp) return;
    source.isUp = true;
    this.#resting.forget(source.peer);
    this.#supervise();
  }

  /**
   * Only who has proved a higher head can strand this node: else a liar's word, and a network that
   * rests, would be enough.
   * @throws ChainError `SYNC_BEGINS_LATER`: another may have what comes next.
   */
  #onBeginsAfter({ peer, height }: SyncSource, beginsAfter: number): void {
    if (beginsAfter <= this.#height) return;
    if (beginsAfter <= height) this.#stranding.add(peer, { height, beginsAfter });
    throw new ChainError("SYNC_BEGINS_LATER", `${peer} has no blocks up to ${beginsAfter}`);
  }

  /**
   * A claim of a later epoch, when its source has told how that came about. No epoch more is known, by
   * anybody's word: then nothing leads to the claim, and asking again would go on for ever.
   */
  #proveAgain(source: SyncSource): void {
    const asked = this.#unproved.get(source);
    if (!asked) return;
    const { claim, from } = asked;
    if (claim.header.epoch > this.#heads.knownEpoch && this.#heads.knownEpoch <= from)
      throw new ChainError("CERTIFICATE_INVALID", "a claim is of an unknown epoch");
    this.#unproved.delete(source);
    this.#onHead(source, claim);
    this.#supervise();
  }

  async #take(blocks: readonly FinalizedBlock[]): Promise<void> {
    this.#isTaking = true;
    try {
      await this.#parts.chain.commitFinal(blocks);
    } finally {
      this.#isTaking = false;
      this.#progressAt = this.#now;
    }
    if (this.#download?.isDone) this.#supervise();
  }

  #onEnd(source: SyncSource, error: unknown): void {
    const { peer } = source;
    const { log } = this.#parts;
    const code = codeOf(error);
    this.#sources.delete(peer);
    this.#unproved.delete(source);
    if (this.#primary === source) this.#primary = null;
    if (this.#isStopped) return;
    if (FATAL.has(code)) {
      void this.stop();
      this.#parts.onFatal(error);
      return;
    }
    const fields = { peer, code, reason: messageOf(error) };
    if (isGarbage(code)) log.warn("a peer served what is not final: it is not asked again", fields);
    else log.debug("a source of blocks is gone", fields);
    this.#resting.rest(peer, code);
    this.#supervise();
  }

  /** The one that has shown blocks and does not bring them goes; one that has none makes room. */
  #replace(stalled: SyncSource): void {
    const { peer, height } = stalled;
    this.#parts.log.warn("a source of blocks has stalled: another is asked", { peer, height });
    if (height > this.#height) stalled.end(stalledError(peer));
    else {
      this.#demote(stalled);
      this.#promote();
    }
  }

  #promote(): void {
    const [best] = [...this.#sources.values()]
      .filter((source) => source.isUp)
      .sort((a, b) => b.height - a.height);
    if (!best) return;
    this.#primary = best;
    this.#progressAt = this.#now;
    best.ask({ kind: "follow", from: this.#height + 1, blocks: true });
  }

  #demote(source: SyncSource): void {
    this.#primary = null;
    source.ask({ kind: "follow", from: this.#height + 1, blocks: false });
  }
}

const decode = (bytes: Uint8Array): FinalizedBlock => finalizedBlock.decode(bytes);

const stalledError = (peer: NodeId) =>
  new ChainError("SYNC_STALLED", `${peer} has shown blocks that it does not bring`);

const FATAL = new Set(["BLOCK_DIVERGES", "CHAIN_FORKED", "STORE_CORRUPT", "STORE_WRITE_FAILED"]);
