import {
  type BlockHash,
  type ChainId,
  type Digest,
  fromUtf8,
  limits,
  type NodeId,
  type OrderId,
  utf8,
} from "@meshwork/foundation";
import type { LeafChange } from "@meshwork/ledger";
import {
  type FinalizedBlock,
  finalizedBlock,
  type HandOver,
  handOver,
  header as headerWire,
  provenHeader,
} from "@meshwork/protocol";
import { ClassicLevel } from "classic-level";
import { ChainError } from "../chain-error.ts";
import { type BlockFacts, decodeFacts } from "./block-facts.ts";
import { type DiskSpace, failWhenFull, isDiskFull } from "./disk-space.ts";
import {
  at,
  type Base,
  type Beginning,
  type Commit,
  keys,
  put,
  STATE,
  type Write,
  writeOf,
  writesOf,
  writesOfBase,
} from "./store-layout.ts";

/** Without `sync` LevelDB does not wait for the disk. */
const DURABLE = { sync: true } as const;

export interface Range {
  /** Only below this height. @default the newest first */
  below?: number;
  /** At most `limits.storeRange`. */
  limit: number;
}

/**
 * The ledger on disk: blocks with their certificates, the state's leaves, what happened and why. One
 * process owns the folder.
 */
export class BlockStore {
  readonly #database: ClassicLevel<string, Uint8Array>;
  readonly #space: DiskSpace;

  private constructor(database: ClassicLevel<string, Uint8Array>, space: DiskSpace) {
    this.#database = database;
    this.#space = space;
  }

  /** @throws ChainError `STORE_LOCKED`, `STORE_CORRUPT` */
  static async open(folder: string, space: DiskSpace = failWhenFull): Promise<BlockStore> {
    const database = new ClassicLevel<string, Uint8Array>(folder, { valueEncoding: "view" });
    try {
      await space.write(folder, () => database.open());
    } catch (error) {
      if (isLocked(error)) throw locked(folder, error);
      if (isDiskFull(error)) throw writeFailed("the ledger", error);
      throw storeCorrupt("it cannot be opened", error);
    }
    return new BlockStore(database, space);
  }

  /** Which chain this is; null before `begin`. */
  async chainId(): Promise<ChainId | null> {
    const value = await this.#database.get(keys.chainId);
    return value === undefined ? null : (fromUtf8(value) as ChainId);
  }

  /**
   * The state before the first block; with `base`, the state after that block, and none of the blocks up
   * to it. The chain's id is written last: without it nothing has begun.
   * @throws ChainError `STORE_WRITE_FAILED`
   */
  async begin(
    chainId: ChainId,
    leaves: Iterable<LeafChange>,
    base: Base | null = null,
  ): Promise<void> {
    // A beginning that was cut short may have left leaves of another genesis.
    await this.#database.clear(STATE);
    for (const some of inBatches(leaves)) await this.#write("the state", some.map(writeOf));
    const head = utf8(String(base?.header.height ?? 0));
    await this.#write("the chain's beginning", [
      ...(base ? writesOfBase(base) : []),
      put(keys.head, head),
      put(keys.chainId, utf8(chainId)),
    ]);
  }

  /** The block that this chain begins after, where that is not the genesis. @throws ChainError `STORE_CORRUPT` */
  async base(): Promise<Beginning | null> {
    const proven = await this.#database.get(keys.base);
    const founded = await this.#database.get(keys.founding);
    return this.#parse("the block that it begins after", () => {
      if (proven !== undefined) return provenHeader.decode(proven);
      return founded === undefined
        ? null
        : { header: headerWire.decode(founded), certificate: null };
    });
  }

  /**
   * Blocks, certificates, state and indexes in one durable write, oldest first.
   * @throws ChainError `STORE_WRITE_FAILED`
   */
  async commit(commits: readonly Commit[]): Promise<void> {
    const height = commits[0]?.finalized.block.header.height;
    await this.#write(`block ${height}`, commits.flatMap(writesOf));
  }

  /** 0 before the first block. */
  async headHeight(): Promise<number> {
    const value = await this.#database.get(keys.head);
    return value === undefined ? 0 : Number(fromUtf8(value));
  }

  /** As it was stored, for who only passes it on. */
  async encodedBlockAt(height: number): Promise<Uint8Array | null> {
    return (await this.#database.get(keys.block(height))) ?? null;
  }

  /** @throws ChainError `STORE_CORRUPT` */
  async blockAt(height: number): Promise<FinalizedBlock | null> {
    const bytes = await this.encodedBlockAt(height);
    return bytes === null
      ? null
      : this.#parse(`block ${height}`, () => finalizedBlock.decode(bytes));
  }

  /** How the committees followed each other, from the end of this epoch on, oldest first. */
  async handOvers(fromEpoch: number, limit: number = limits.handOvers): Promise<HandOver[]> {
    const range = { gte: keys.handOver(fromEpoch), lt: "hand-over/:", limit };
    const found = await this.#database.values(range).all();
    return found.map((bytes) => this.#parse("a hand-over", () => handOver.decode(bytes)));
  }

  async heightOf(hash: BlockHash): Promise<number | null> {
    const value = await this.#database.get(keys.hash(hash));
    return value === undefined ? null : Number(fromUtf8(value));
  }

  async factsAt(height: number): Promise<BlockFacts | null> {
    const bytes = await this.#database.get(keys.facts(height));
    return bytes === undefined ? null : this.#parse(`facts ${height}`, () => decodeFacts(bytes));
  }

  /** Heights at which an account's points or reputation changed, newest first. */
  heightsOfAccount(id: NodeId, range: Range): Promise<number[]> {
    return this.#heights(`account/${id}/`, range);
  }

  /** Heights at which something happened to a task, newest first. */
  heightsOfTask(id: OrderId, range: Range): Promise<number[]> {
    return this.#heights(`task/${id}/`, range);
  }

  async leaves(): Promise<{ key: Digest; value: Uint8Array }[]> {
    const leaves: { key: Digest; value: Uint8Array }[] = [];
    for await (const [key, value] of this.#database.iterator(STATE))
      leaves.push({ key: key.slice(STATE.gt.length) as Digest, value });
    return leaves;
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #heights(prefix: string, { below, limit }: Range): Promise<number[]> {
    const range = {
      gt: prefix,
      lt: below === undefined ? `${prefix}:` : prefix + at(below),
      reverse: true,
      limit: Math.min(limit, limits.storeRange),
    };
    const found = await this.#database.keys(range).all();
    return found.map((key) => Number(key.slice(prefix.length)));
  }

  /** All of it, durably, or nothing. */
  async #write(what: string, operations: readonly Write[]): Promise<void> {
    try {
      await this.#space.write(what, async () => {
        await this.#reopen();
        await this.#database.batch([...operations], DURABLE).catch(async (error) => {
          // After one failed write LevelDB takes no other until it is opened anew.
          await this.#database.close();
          throw error;
        });
      });
    } catch (cause) {
      throw writeFailed(what, cause);
    }
  }

  async #reopen(): Promise<void> {
    if (this.#database.status !== "open") await this.#database.open();
  }

  #parse<T>(what: string, parse: () => T): T {
    try {
      return parse();
    } catch (cause) {
      throw storeCorrupt(`${what} cannot be read`, cause);
    }
  }
}

function* inBatches<T>(items: Iterable<T>): Generator<T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < limits.restoreBatchLeaves) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

const isLocked = (error: unknown): boolean =>
  error instanceof Error &&
  error.cause instanceof Error &&
  "code" in error.cause &&
  error.cause.code === "LEVEL_LOCKED";

const locked = (folder: string, cause: unknown): ChainError =>
  new ChainError(
    "STORE_LOCKED",
    `another process owns ${folder}: stop it first; one folder serves one node`,
    { cause },
  );

const writeFailed = (what: string, cause: unknown): ChainError =>
  new ChainError(
    "STORE_WRITE_FAILED",
    `${what} cannot be written: free the disk or replace it, then start the node again`,
    { cause },
  );

export const storeCorrupt = (what: string, cause?: unknown): ChainError =>
  new ChainError(
    "STORE_CORRUPT",
    `the ledger on disk is corrupt: ${what}. Check the disk, move the folder \`chain\` away, and start again: ` +
      "the node fetches the chain from its peers. Leave the folder `vote` where it is",
    cause === undefined ? {} : { cause },
  );
