import { type Clock, codeOf, every, limits, messageOf, type NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import { type FinalizedBlock, finalizedBlock } from "@meshwork/protocol";
import { ChainError } from "./chain-error.ts";
import type { Channels } from "./channel.ts";
import { SyncSource } from "./sync-source.ts";

export interface SyncParts {
  chain: {
    readonly head: { readonly height: number };
    /** @throws ChainError `CERTIFICATE_INVALID`, `BLOCK_INVALID`, and what only a human can mend */
    commitFinal(blocks: readonly FinalizedBlock[]): Promise<void>;
  };
  channels: Pick<Channels, "open">;
  /** Nodes that may have blocks, best first: the committee, and whoever discovery found. */
  candidates: () => readonly NodeId[];
  /** A seat makes its blocks itself, and asks others only when it has fallen behind. */
  isSeated: () => boolean;
  clock: Clock;
  log: Log;
  /** What asking another peer does not mend. */
  onFatal: (error: unknown) => void;
}

const TICK_MS = 250;

/**
 * Keeps the chain at the head. It hears of new heights from a few peers and takes the blocks from one
 * of them, the primary. Who serves garbage is banned; who does not bring what he claims is replaced.
 */
export class Sync {
  readonly #parts: SyncParts;
  readonly #sources = new Map<NodeId, SyncSource>();
  /** Peers that are left alone for a while, and how often in a row they have failed. */
  readonly #resting = new Map<NodeId, { until: number; failures: number }>();
  readonly #stopTimer: () => void;
  #primary: SyncSource | null = null;
  /** When the chain last grew, or had nothing to grow by. */
  #progressAt: number;
  /** Blocks are being executed: if that takes long, it is not the peer who is slow. */
  #isTaking = false;
  #isStopped = false;

  constructor(parts: SyncParts) {
    this.#parts = parts;
    this.#progressAt = parts.clock.monotonic();
    this.#stopTimer = every(parts.clock, TICK_MS, () => this.#supervise());
    this.#supervise();
  }

  /** The greatest height that a peer claims now: a hint, for readiness and the operator. */
  get heardOf(): number {
    return Math.max(0, ...[...this.#sources.values()].map((source) => source.height));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopTimer();
    const ending = [...this.#sources.values()];
    for (const source of ending) source.end(new Error("stopped"));
    await Promise.all(ending.map((source) => source.ended));
  }

  /** Opens what is missing, and sees to it that one peer brings blocks. */
  #supervise(): void {
    if (this.#isStopped) return;
    this.#openMissing();
    const { chain, clock, isSeated } = this.#parts;
    const now = clock.monotonic();
    const isBehind = this.heardOf > chain.head.height;
    if (!isBehind || this.#isTaking) this.#progressAt = now;
    const isStalled = isBehind && now - this.#progressAt > limits.syncStallMs;
    if (this.#primary && isStalled) this.#replace(this.#primary);
    else if (this.#primary && isSeated() && !isBehind) this.#demote(this.#primary);
    else if (!this.#primary && (isStalled || !isSeated())) this.#promote();
  }

  #openMissing(): void {
    const now = this.#parts.clock.monotonic();
    const candidates = this.#parts.candidates();
    for (const [peer, { until }] of this.#resting)
      if (until <= now && !candidates.includes(peer)) this.#resting.delete(peer);
    for (const peer of candidates) {
      if (this.#sources.size >= limits.syncSources) return;
      const until = this.#resting.get(peer)?.until ?? 0;
      if (!this.#sources.has(peer) && until <= now) this.#open(peer);
    }
  }

  #open(peer: NodeId): void {
    const source = new SyncSource(peer, this.#parts, {
      onUp: () => {
        this.#resting.delete(peer);
        this.#supervise();
      },
      onBlocks: (encoded) => this.#onBlocks(source, encoded),
    });
    this.#sources.set(peer, source);
    source.ended.then((error) => this.#onEnd(source, error));
  }

  async #onBlocks(source: SyncSource, encoded: readonly Uint8Array[]): Promise<void> {
    if (source !== this.#primary) return;
    this.#isTaking = true;
    try {
      const blocks = encoded.map((bytes) => finalizedBlock.decode(bytes));
      await this.#parts.chain.commitFinal(blocks);
    } finally {
      this.#isTaking = false;
      this.#progressAt = this.#parts.clock.monotonic();
    }
  }

  #onEnd(source: SyncSource, error: unknown): void {
    const { peer } = source;
    const { log } = this.#parts;
    const code = codeOf(error);
    this.#sources.delete(peer);
    if (this.#primary === source) this.#primary = null;
    if (this.#isStopped) return;
    if (FATAL.has(code)) {
      void this.stop();
      this.#parts.onFatal(error);
      return;
    }
    const fields = { peer, code, reason: messageOf(error) };
    if (GARBAGE.has(code))
      log.warn("a peer served what is not final: it is not asked again", fields);
    else log.debug("a source of blocks is gone", fields);
    this.#rest(peer, code);
    this.#supervise();
  }

  /** Quick at first, for peers that start when this node does. */
  #rest(peer: NodeId, code: string): void {
    const failures = (this.#resting.get(peer)?.failures ?? 0) + 1;
    const pauseMs = Math.min(limits.syncRetryMs, TICK_MS * 2 ** (failures - 1));
    const restMs = GARBAGE.has(code)
      ? limits.syncBanMs
      : code === "SYNC_STALLED"
        ? limits.syncRetryMs
        : pauseMs;
    this.#resting.set(peer, { until: this.#parts.clock.monotonic() + restMs, failures });
  }

  /** The one that claims blocks and does not bring them goes; one that claims none makes room. */
  #replace(stalled: SyncSource): void {
    const { peer, height } = stalled;
    this.#parts.log.warn("a source of blocks has stalled: another is asked", { peer, height });
    if (height > this.#parts.chain.head.height) stalled.end(stalledError(peer));
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
    this.#progressAt = this.#parts.clock.monotonic();
    best.follow({ from: this.#parts.chain.head.height + 1, blocks: true });
  }

  #demote(source: SyncSource): void {
    this.#primary = null;
    source.follow({ from: this.#parts.chain.head.height + 1, blocks: false });
  }
}

const stalledError = (peer: NodeId) =>
  new ChainError("SYNC_STALLED", `${peer} claims blocks that it does not bring`);

/** What no honest peer sends. */
const GARBAGE = new Set([
  "CERTIFICATE_INVALID",
  "BLOCK_INVALID",
  "WIRE_MALFORMED",
  "WIRE_NOT_CANONICAL",
  "WIRE_TOO_LARGE",
]);

const FATAL = new Set(["BLOCK_DIVERGES", "CHAIN_FORKED", "STORE_CORRUPT", "STORE_WRITE_FAILED"]);
