import { type Clock, codeOf, every } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { Header } from "@meshwork/protocol";
import {
  createSnapshot,
  type FoundSnapshot,
  listSnapshots,
  pruneSnapshots,
  type SnapshotStore,
} from "../chain/snapshot/index.ts";
import type { Chain } from "../chain/store/chain.ts";

export interface ArchiverParts {
  chain: Pick<Chain, "chainId" | "handOvers" | "head">;
  /** Opened for each snapshot and closed after it, so that others have their turn. */
  openStore: () => Promise<SnapshotStore>;
  clock: Clock;
  log: Log;
}

export interface ArchiverOptions {
  /** The longest that the newest snapshot may be behind, by the time of the blocks. */
  everyMs: number;
  /** The most blocks that it may be behind. @default limits of this room: `SNAPSHOT_BLOCKS` */
  everyBlocks?: number;
  /** Of these heights the snapshots stay; older ones go. @default all stay */
  keepLast?: number;
}

/** A newcomer runs so many blocks in a minute or two. */
const SNAPSHOT_BLOCKS = 10_000;
const LOOK_EVERY_MS = 5_000;
/** After a failure: a store that is down is not helped by questions. */
const RETRY_MS = 300_000;

/**
 * Publishes a snapshot of the ledger when an epoch has begun, and otherwise when the newest one is too
 * old. Of several archivers of one place whoever comes first does it; the others see that it is done.
 */
export class Archiver {
  readonly #parts: ArchiverParts;
  readonly #options: Required<ArchiverOptions>;
  readonly #stopTimer: () => void;
  readonly #stopping = new AbortController();
  /** Null: the place has none. Undefined: nobody has looked yet. */
  #newest: FoundSnapshot | null | undefined;
  #notBefore = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(parts: ArchiverParts, options: ArchiverOptions) {
    this.#parts = parts;
    this.#options = { everyBlocks: SNAPSHOT_BLOCKS, keepLast: Number.MAX_SAFE_INTEGER, ...options };
    this.#stopTimer = every(parts.clock, LOOK_EVERY_MS, () => {
      this.#working = this.#look();
      return this.#working;
    });
  }

  /** The newest snapshot that is known to lie there. */
  get newest(): FoundSnapshot | null {
    return this.#newest ?? null;
  }

  async stop(): Promise<void> {
    this.#stopTimer();
    this.#stopping.abort(new Error("the node stops"));
    await this.#working;
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#parts;
    if (clock.monotonic() < this.#notBefore || !this.#isDue()) return;
    try {
      await this.#visit();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#notBefore = clock.monotonic() + RETRY_MS;
      log.warn("no snapshot was published; it is tried again", { code: codeOf(error), error });
    }
  }

  /** Whether there is something to publish, as far as is known here. */
  #isDue(): boolean {
    const { height, header } = this.#parts.chain.head;
    if (height === 0) return false;
    return this.#newest === undefined || this.#newest === null
      ? true
      : this.#isBehind(this.#newest.manifest.header, header);
  }

  #isBehind(newest: Header, head: Header): boolean {
    const { everyMs, everyBlocks } = this.#options;
    if (head.height <= newest.height) return false;
    return (
      head.epoch > newest.epoch ||
      head.height - newest.height >= everyBlocks ||
      head.time - newest.time >= everyMs
    );
  }

  async #visit(): Promise<void> {
    const store = await this.#parts.openStore();
    try {
      // Another archiver may have done it meanwhile.
      this.#newest = await this.#newestOf(store);
      if (this.#isDue()) await this.#publish(store);
    } finally {
      await store.close();
    }
  }

  async #newestOf(store: SnapshotStore): Promise<FoundSnapshot | null> {
    const { snapshots } = await listSnapshots(store);
    const { chainId } = this.#parts.chain;
    return snapshots.find(({ manifest }) => manifest.chainId === chainId) ?? null;
  }

  async #publish(store: SnapshotStore): Promise<void> {
    const { chain, clock, log } = this.#parts;
    const { signal } = this.#stopping;
    const { head } = chain;
    const since = clock.monotonic();
    try {
      const { id, manifest, chunks, reused, sizeBytes } = await createSnapshot(head, store, {
        ...{ handOvers: await chain.handOvers(0), signal },
      });
      this.#newest = { id, manifest };
      const tookMs = Math.round(clock.monotonic() - since);
      const { height } = manifest;
      log.info("a snapshot is published", { height, chunks, reused, sizeBytes, tookMs });
    } catch (error) {
      if (codeOf(error) !== "SNAPSHOT_OVERTAKEN") throw error;
      this.#newest = await this.#newestOf(store);
      log.info("another archiver was faster: its snapshot is the newest");
    }
    const { keepLast } = this.#options;
    if (keepLast < Number.MAX_SAFE_INTEGER) await pruneSnapshots(store, { keepLast });
  }
}
