import { limits, type NodeId } from "@meshwork/foundation";
import type { FinalizedBlock } from "@meshwork/protocol";
import type { SyncSource } from "./sync-source.ts";

/** Blocks in a row that one source is asked for at a time. */
interface Range {
  readonly from: number;
  readonly count: number;
}

export interface DownloadParts {
  head(): number;
  /** Who can be asked now. */
  sources(): readonly SyncSource[];
  /** Takes blocks that follow the head; rejects when they are not final. Never called twice at a time. */
  take(blocks: readonly FinalizedBlock[]): Promise<void>;
  /** Looks at blocks that have just come, while those before them are being taken. */
  prepare(blocks: readonly FinalizedBlock[]): void;
  /** What came was no good, and from whom it was. */
  onFailed(source: SyncSource, error: unknown): void;
}

/**
 * Catches up from several sources at once: each is asked for a few ranges ahead of the head, what comes
 * waits in memory until those before it are taken. What a source that went away owes, another is asked for.
 */
export class ParallelDownload {
  readonly #parts: DownloadParts;
  /** The last block wanted. */
  readonly #to: number;
  readonly #asked = new Map<number, { range: Range; source: SyncSource }>();
  readonly #arrived = new Map<number, { blocks: readonly FinalizedBlock[]; source: SyncSource }>();
  /** Ranges to be asked for again before any new ones. */
  #owed: Range[] = [];
  #next: number;
  #isTaking = false;

  constructor(parts: DownloadParts, to: number) {
    this.#parts = parts;
    this.#to = to;
    this.#next = parts.head() + 1;
  }

  get isDone(): boolean {
    return this.#parts.head() >= this.#to;
  }

  /** Nobody owes anything, and nothing can be asked for: who supervises looks for other sources. */
  get isStuck(): boolean {
    return !this.isDone && this.#asked.size === 0 && this.#arrived.size === 0;
  }

  /** Blocks are being executed: if that takes long, it is not a source that is slow. */
  get isTaking(): boolean {
    return this.#isTaking;
  }

  /** The source that owes what all wait for. */
  get laggard(): NodeId | null {
    const next = this.#parts.head() + 1;
    const owing = [...this.#asked.values()].find(
      ({ range: { from, count } }) => from <= next && from + count > next,
    );
    return owing?.source.peer ?? null;
  }

  /** Asks for as much as is allowed at a time; to be called whenever sources may have come or gone. */
  advance(): void {
    const sources = new Set(this.#parts.sources());
    for (const [from, { range, source }] of this.#asked)
      if (!sources.has(source)) {
        this.#asked.delete(from);
        this.#owed.push(range);
      }
    for (;;) {
      const range = this.#wanted();
      const source = range && this.#leastAsked(sources, range);
      if (!range || !source) return;
      this.#take(range);
      this.#asked.set(range.from, { range, source });
      source.ask({ kind: "range", ...range });
    }
  }

  /** @throws Error for blocks that this source was not asked for. */
  onRange(source: SyncSource, from: number, blocks: readonly FinalizedBlock[]): void {
    const asked = this.#asked.get(from);
    if (asked?.source !== source || blocks.length > asked.range.count)
      throw new Error(`the peer brings blocks from ${from} on, which nobody wanted of it`);
    this.#asked.delete(from);
    const left = asked.range.count - blocks.length;
    if (left > 0) this.#owed.push({ from: from + blocks.length, count: left });
    this.#arrived.set(from, { blocks, source });
    this.#parts.prepare(blocks);
    this.advance();
    void this.#takeArrived();
  }

  async #takeArrived(): Promise<void> {
    if (this.#isTaking) return;
    this.#isTaking = true;
    for (let batch = this.#nextArrived(); batch; batch = this.#nextArrived()) {
      const { from, blocks, source } = batch;
      try {
        await this.#parts.take(blocks);
      } catch (error) {
        this.#owed.push({ from, count: blocks.length });
        this.#parts.onFailed(source, error);
        break;
      }
      this.advance();
    }
    this.#isTaking = false;
  }

  /** Those that the chain has meanwhile by other ways are forgotten. */
  #nextArrived() {
    const next = this.#parts.head() + 1;
    for (const [from, { blocks, source }] of this.#arrived) {
      if (from > next) continue;
      this.#arrived.delete(from);
      if (from + blocks.length > next) return { from, blocks, source };
    }
    return null;
  }

  /** The lowest first: all others wait for it. */
  #wanted(): Range | null {
    this.#owed = this.#owed.filter(({ from, count }) => from + count > this.#parts.head() + 1);
    const [lowest] = this.#owed.toSorted((a, b) => a.from - b.from);
    if (lowest) return lowest;
    const count = Math.min(limits.syncBatchBlocks, this.#to - this.#next + 1);
    const isAhead = this.#next > this.#parts.head() + limits.syncAheadBlocks;
    return count <= 0 || isAhead ? null : { from: this.#next, count };
  }

  #take(range: Range): void {
    if (this.#owed.includes(range)) this.#owed = this.#owed.filter((owed) => owed !== range);
    else this.#next += range.count;
  }

  #leastAsked(sources: ReadonlySet<SyncSource>, { from, count }: Range): SyncSource | null {
    const load = (source: SyncSource) =>
      [...this.#asked.values()].filter((asked) => asked.source === source).length;
    const [least] = [...sources]
      .filter(
        (source) => source.height >= from + count - 1 && load(source) < limits.syncRangesAsked,
      )
      .sort((a, b) => load(a) - load(b));
    return least ?? null;
  }
}
