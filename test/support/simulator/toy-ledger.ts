import type { Application, Verifier } from "@meshwork/consensus";
import type { BlockHash, ChainId, Digest, NodeId, OrderId, Signature } from "@meshwork/foundation";
import type { Block, Certificate, Header, Transaction } from "@meshwork/protocol";
import { hashText } from "./hash-text.ts";

const CHAIN = "simulated" as ChainId;
export const GENESIS = hashText("genesis") as BlockHash;
const TRANSACTIONS_PER_BLOCK = 20;

/** What the ledger of a node stands on. */
export interface Head {
  readonly height: number;
  readonly hash: BlockHash;
  readonly time: number;
  readonly stateRoot: Digest;
  readonly certificate: Certificate | null;
}

export interface ToyLedgerParts {
  readonly self: NodeId;
  readonly verifier: Verifier;
  readonly epochOf: (height: number) => number;
  /** A heartbeat is owed when the head is older than this. */
  readonly heartbeatMs: number;
  /** The hash of the header, or null for another body. Shared by all: what it costs is saved. */
  readonly hashOf: (block: Block) => BlockHash | null;
}

/**
 * A ledger small enough to simulate by the million: accounts with a counter. A transaction is
 * executable when its nonce is its sender's counter, so one that skips a number waits, perhaps for
 * ever. The state root chains over all executed transactions.
 */
export class ToyLedger implements Application {
  head: Head;
  readonly pool = new Map<Signature, Transaction>();
  readonly #parts: ToyLedgerParts;
  readonly #counters = new Map<NodeId, number>();

  constructor(parts: ToyLedgerParts, startTime: number) {
    this.#parts = parts;
    const stateRoot = hashText("empty state") as Digest;
    this.head = { height: 0, hash: GENESIS, time: startTime, stateRoot, certificate: null };
  }

  hashOf(block: Block): BlockHash | null {
    return this.#parts.hashOf(block);
  }

  /** True if the transaction is new and may still be executed some day. */
  offer(transaction: Transaction): boolean {
    const isKnown = this.pool.has(transaction.signature);
    if (isKnown || nonceOf(transaction) < this.counterOf(transaction.unsigned.sender)) return false;
    this.pool.set(transaction.signature, transaction);
    return true;
  }

  counterOf(sender: NodeId): number {
    return this.#counters.get(sender) ?? 0;
  }

  hasExecutable(): boolean {
    for (const transaction of this.pool.values()) if (this.#isExecutable(transaction)) return true;
    return false;
  }

  demand(now: number): boolean {
    return this.hasExecutable() || this.#isHeartbeatDue(now);
  }

  buildBlock({ view, now }: { view: number; now: number }): Block | null {
    const transactions = [...this.pool.values()]
      .filter((transaction) => this.#isExecutable(transaction))
      .slice(0, TRANSACTIONS_PER_BLOCK);
    const time = Math.max(now, this.head.time + 1);
    if (transactions.length === 0 && view === 0 && !this.#isHeartbeatDue(time)) return null;
    return this.blockOf(transactions, { view, time });
  }

  blockOf(transactions: Transaction[], { view, time }: { view: number; time: number }): Block {
    const height = this.head.height + 1;
    const nothing = hashText("") as Digest;
    const header: Header = {
      version: 1,
      chainId: CHAIN,
      epoch: this.#parts.epochOf(height),
      height,
      view,
      parent: this.head.hash,
      time,
      activeTime: 0,
      proposer: this.#parts.self,
      beaconProof: null,
      transactionRoot: rootOf(transactions),
      stateRoot: this.#stateAfter(transactions),
      committeeHash: nothing,
      nextCommitteeHash: null,
      lastCommitHash: commitHashOf(this.head.certificate),
    };
    return { header, transactions, lastCommit: this.head.certificate };
  }

  checkBlock({ header, transactions, lastCommit }: Block): boolean {
    if (header.stateRoot !== this.#stateAfter(transactions)) return false;
    if (!transactions.every((transaction) => this.#isExecutable(transaction))) return false;
    if (new Set(transactions.map(({ unsigned }) => unsigned.sender)).size < transactions.length)
      return false;
    if (transactions.length === 0 && header.view === 0 && !this.#isHeartbeatDue(header.time))
      return false;
    return this.#isParentFinal(lastCommit);
  }

  commit(block: Block, certificate: Certificate): void {
    const { header, transactions } = block;
    const hash = certificate.ballot.blockHash;
    if (hash === null) throw new TypeError("a block is committed by an F-certificate");
    const stateRoot = this.#stateAfter(transactions);
    for (const { unsigned } of transactions)
      this.#counters.set(unsigned.sender, this.counterOf(unsigned.sender) + 1);
    for (const [id, transaction] of this.pool)
      if (nonceOf(transaction) < this.counterOf(transaction.unsigned.sender)) this.pool.delete(id);
    this.head = { height: header.height, hash, time: header.time, stateRoot, certificate };
  }

  #isParentFinal(lastCommit: Certificate | null): boolean {
    if (lastCommit === null || this.head.height === 0)
      return lastCommit === null && this.head.height === 0;
    const { kind, height, blockHash } = lastCommit.ballot;
    return (
      kind === "F" &&
      height === this.head.height &&
      blockHash === this.head.hash &&
      this.#parts.verifier.certificate(lastCommit)
    );
  }

  #isExecutable(transaction: Transaction): boolean {
    return nonceOf(transaction) === this.counterOf(transaction.unsigned.sender);
  }

  #isHeartbeatDue(time: number): boolean {
    return time >= this.head.time + this.#parts.heartbeatMs;
  }

  #stateAfter(transactions: readonly Transaction[]): Digest {
    return hashText(`${this.head.stateRoot}+${rootOf(transactions)}`) as Digest;
  }
}

/** A transaction whose only content is whose it is and which one. */
export function toyTransaction(sender: NodeId, nonce: number): Transaction {
  const orderId = hashText("order") as OrderId;
  return {
    unsigned: {
      chainId: CHAIN,
      sender,
      nonce: BigInt(nonce),
      notAfter: Number.MAX_SAFE_INTEGER,
      body: { kind: "decline", orderId, attempt: 0 },
    },
    signature: `${sender}/${nonce}` as Signature,
  };
}

/** Computed once for each block object. */
export function memoizedHashOf(): (block: Block) => BlockHash | null {
  const known = new WeakMap<Block, BlockHash | null>();
  return (block) => {
    let hash = known.get(block);
    if (hash === undefined) {
      hash = hashBlock(block);
      known.set(block, hash);
    }
    return hash;
  };
}

function hashBlock({ header, transactions, lastCommit }: Block): BlockHash | null {
  if (header.transactionRoot !== rootOf(transactions)) return null;
  if (header.lastCommitHash !== commitHashOf(lastCommit)) return null;
  return hashHeader(header);
}

export const hashHeader = (header: Header): BlockHash =>
  hashText(Object.values(header).join("|")) as BlockHash;

const nonceOf = (transaction: Transaction): number => Number(transaction.unsigned.nonce);

export const rootOf = (transactions: readonly Transaction[]): Digest =>
  hashText(transactions.map(({ signature }) => signature).join("|")) as Digest;

const commitHashOf = (certificate: Certificate | null): Digest =>
  hashText(certificate === null ? "none" : certificate.signatures.join("|")) as Digest;
