import type { BlockHash, ChainId } from "@meshwork/foundation";
import type { AppliedBlock, InvalidBlock, LedgerEvent, Why } from "@meshwork/ledger";
import type { Log } from "@meshwork/observability";
import {
  type Block,
  type ConsensusMessage,
  chainIdOf,
  type FinalizedBlock,
  type Genesis,
  type HandOver,
  headerHash,
} from "@meshwork/protocol";
import { ChainError } from "../chain-error.ts";
import { BlockStore, storeCorrupt } from "./block-store.ts";
import { applyOn, type ChainHead, type CommittedBlock, handOverAt } from "./chain-head.ts";
import type { DiskSpace } from "./disk-space.ts";
import { byEpoch, requireFinal } from "./final-blocks.ts";
import { RememberedChecks } from "./remembered-checks.ts";
import { restoreHead } from "./restore-head.ts";
import { runFinal } from "./run-final.ts";

export interface ChainOptions {
  /** Owned by this process alone. */
  folder: string;
  genesis: Genesis;
  log: Log;
  /** How to wait while the disk is full. @default not at all */
  space?: DiskSpace;
}

/** @throws ChainError `STORE_CORRUPT`, `STORE_OTHER_CHAIN` */
export async function openChain(options: ChainOptions): Promise<Chain> {
  const { folder, genesis, log, space } = options;
  const store = await BlockStore.open(folder, space);
  try {
    const head = await restoreHead(store, genesis);
    const base = (await store.base())?.header.height ?? 0;
    return new Chain({ genesis, log, store, head, base });
  } catch (error) {
    await store.close();
    throw error;
  }
}

interface ChainParts {
  genesis: Genesis;
  log: Log;
  store: BlockStore;
  head: ChainHead;
  base: number;
}

/**
 * The final chain as this node holds it. Its head only rises, one block after the other, and what it
 * tells of is durable.
 */
export class Chain {
  readonly genesis: Genesis;
  readonly chainId: ChainId;
  /** Of the blocks up to this height there are none here: the chain was begun from a snapshot. 0: from the genesis. */
  readonly base: number;
  /** Signature checks that remember; shared by all that look at transactions and votes. */
  readonly checks = new RememberedChecks();
  readonly #log: Log;
  readonly #store: BlockStore;
  readonly #listeners = new Set<(committed: CommittedBlock) => void>();
  /** Blocks on the head that were executed: one a view as a rule. */
  readonly #executed = new Map<BlockHash, AppliedBlock>();
  #head: ChainHead;
  /** The commit under way; the next one starts behind it. */
  #tail: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor({ genesis, log, store, head, base }: ChainParts) {
    this.genesis = genesis;
    this.chainId = chainIdOf(genesis);
    this.base = base;
    this.#log = log;
    this.#store = store;
    this.#head = head;
  }

  get head(): ChainHead {
    return this.#head;
  }

  /** Runs a block on the head, once; `commit` uses what came out. */
  execute(block: Block): AppliedBlock | InvalidBlock {
    const known = this.#executed.get(headerHash(block.header));
    if (known) return known;
    const result = applyOn(this.#head, block, this.checks);
    if (result.ok) this.remember(result);
    return result;
  }

  /** For the proposer, who has run his block while he built it. */
  remember(applied: AppliedBlock): void {
    if (applied.block.header.height === this.#head.height + 1)
      this.#executed.set(headerHash(applied.block.header), applied);
  }

  /**
   * Takes a block that consensus has decided: its certificate was formed from verified votes. Resolves
   * when block, certificate and state are durable and the head has moved. A block that the chain holds
   * already changes nothing.
   * @throws ChainError `BLOCK_DIVERGES`, `CHAIN_FORKED`
   */
  commit(finalized: FinalizedBlock): Promise<void> {
    return this.#exclusively(() => this.#append([finalized]));
  }

  /**
   * Takes consecutive blocks from a stranger. The last certificate of an epoch vouches for all before it:
   * each block is named by the next one, and so is the certificate under which it is kept. What was taken
   * before the first that is wrong stays.
   * @throws ChainError `CERTIFICATE_INVALID`, `BLOCK_INVALID`, and those of `commit`
   */
  commitFinal(blocks: readonly FinalizedBlock[]): Promise<void> {
    return this.#exclusively(async () => {
      const news = blocks.filter(({ block }) => block.header.height > this.#head.height);
      // Who votes in an epoch is known when the last block of the one before has been run.
      for (const some of byEpoch(news))
        await this.#append(requireFinal(this.#head, some, this.checks));
    });
  }

  /** Called for every block from now on, in order, after it is durable. Returns how to stop. */
  onCommit(listener: (committed: CommittedBlock) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves once the head is at `height` or above; rejects with the signal's reason. */
  waitFor(height: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.#head.height >= height) return resolve();
      const onAbort = () => {
        stop();
        reject(signal.reason);
      };
      const stop = this.onCommit((committed) => {
        if (committed.height < height) return;
        stop();
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  /**
   * What happened in every block above `after`, as far back as the chain goes, then as it goes on. Reads
   * from disk at the reader's pace: a slow reader falls behind and misses nothing.
   */
  async *follow(options: { after: number; signal: AbortSignal }): AsyncGenerator<{
    readonly height: number;
    readonly events: readonly LedgerEvent[];
    readonly whys: readonly Why[];
  }> {
    for (let height = Math.max(options.after, this.base) + 1; ; height++) {
      await this.waitFor(height, options.signal);
      const facts = await this.#store.factsAt(height);
      if (facts === null) throw storeCorrupt(`the facts of block ${height} are missing`);
      yield { height, ...facts };
    }
  }

  /** Null above the head, for the genesis, and up to `base`. */
  blockAt(height: number): Promise<FinalizedBlock | null> {
    return this.#store.blockAt(height);
  }

  /**
   * What tells a seat that a height is decided. The block that this chain begins after is not here, only
   * its certificate; but whoever signed F holds the block.
   */
  async decisionAt(height: number): Promise<ConsensusMessage | null> {
    const final = await this.blockAt(height);
    if (final !== null) return { kind: "finalized", ...final };
    const certificate = height === this.base ? (await this.#store.base())?.certificate : null;
    return certificate ? { kind: "certificate", certificate } : null;
  }

  encodedBlockAt(height: number): Promise<Uint8Array | null> {
    return this.#store.encodedBlockAt(height);
  }

  /** How the committees followed each other: from the end of this epoch on, oldest first. @param limit @default 10,000 */
  handOvers(fromEpoch: number, limit?: number): Promise<HandOver[]> {
    return this.#store.handOvers(fromEpoch, limit);
  }

  /** The history of accounts and tasks, by height. */
  get history(): Pick<BlockStore, "factsAt" | "heightOf" | "heightsOfAccount" | "heightsOfTask"> {
    return this.#store;
  }

  /** Lets the commit under way end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#tail.catch(() => {});
    await this.#store.close();
  }

  #exclusively(work: () => Promise<void>): Promise<void> {
    const result = this.#tail.then(() => {
      if (this.#isClosed) throw new ChainError("CHAIN_CLOSED", "the chain is closed");
      return work();
    });
    this.#tail = result.catch(() => {});
    return result;
  }

  async #append(finalized: readonly FinalizedBlock[]): Promise<void> {
    const unknown = finalized.filter(({ block }) => block.header.height > this.#head.height);
    for (const one of finalized) if (!unknown.includes(one)) await this.#requireKnown(one);
    const news = runFinal(this.#head, unknown, this.#executed);
    const last = news.at(-1);
    if (last === undefined) return;
    await this.#store.commit(
      news.map(({ committed, applied }) => ({
        finalized: { block: committed.block, certificate: committed.certificate },
        changes: applied.changes,
        facts: { events: committed.events, whys: committed.whys },
        handOver: handOverAt(committed.header, committed),
      })),
    );
    this.#executed.clear();
    // The head first: a listener to an early block of a batch must not build on it.
    this.#head = last.committed;
    for (const { committed } of news)
      for (const listener of [...this.#listeners]) this.#tell(listener, committed);
  }

  async #requireKnown({ block }: FinalizedBlock): Promise<void> {
    const { height } = block.header;
    // Nothing is known here of what lies before the snapshot.
    if (height < this.base) return;
    if ((await this.#store.heightOf(headerHash(block.header))) === height) return;
    throw new ChainError(
      "CHAIN_FORKED",
      `another block ${height} is final already: more than a third of the seats have signed two histories; stop and call for help`,
      { detail: { height } },
    );
  }

  /** A listener that fails must not stop the chain. */
  #tell(listener: (committed: CommittedBlock) => void, committed: CommittedBlock): void {
    try {
      listener(committed);
    } catch (error) {
      this.#log.error("a listener to the chain failed", { height: committed.height, error });
    }
  }
}
