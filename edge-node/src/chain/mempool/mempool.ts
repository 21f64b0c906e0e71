import { type Clock, limits, type NodeId, type TransactionId } from "@meshwork/foundation";
import { type Checks, isForgery, type Refusal } from "@meshwork/ledger";
import { type Transaction, transactionIdOf } from "@meshwork/protocol";
import type { ChainHead, CommittedBlock } from "../store/chain-head.ts";
import type { SignedBy } from "../store/remembered-checks.ts";
import { inBlockOrder } from "./block-order.ts";
import type { MempoolJournal } from "./mempool-journal.ts";
import { mayPass, PoolChecks } from "./pool-checks.ts";
import { type Origin, PoolQuota, type PoolRefusal } from "./pool-quota.ts";

/** How a transaction that was handed in here has ended. */
export type TransactionOutcome =
  /** At this height, or earlier: a transaction that stands on the ledger already is included. */
  | { readonly kind: "included"; readonly height: number }
  | { readonly kind: "refused"; readonly refusal: Refusal | PoolRefusal }
  /** `notAfter` has passed: no block will take it any more. */
  | { readonly kind: "expired" };

export interface MempoolParts {
  chain: {
    readonly head: ChainHead;
    readonly checks: Checks;
    onCommit(listener: (committed: CommittedBlock) => void): () => void;
  };
  clock: Clock;
  /** Remembers over restarts what was handed in here. @default nothing does */
  journal?: Pick<MempoolJournal, "add" | "remove" | "trouble">;
  /** A transaction was handed in here: the committee should have it at once. */
  onOwn: (transaction: Transaction) => void;
  /** One more is executable: a leader who slept may wake. */
  onExecutable: () => void;
}

/** Each has cost a check or two that no thread made. */
const FORGERIES_AT_ONCE = 8;

interface Pending extends Origin {
  readonly id: TransactionId;
  readonly transaction: Transaction;
  readonly receivedAt: number;
  /** The head for which `isExecutable` holds. */
  checkedAt: number;
  isExecutable: boolean;
  readonly settle: (outcome: TransactionOutcome) => void;
  readonly outcome: Promise<TransactionOutcome>;
  /** Resolves once a restart does not lose it. */
  readonly journaled: Promise<void>;
}

/**
 * Transactions that wait for a block. Bounded: in all, for one sender, and for one
 * peer that brings them. What is not executable yet waits a little, for its sender may be a block ahead.
 */
export class Mempool {
  readonly #parts: MempoolParts;
  readonly #pending = new Map<TransactionId, Pending>();
  readonly #quota: PoolQuota;
  readonly #checks: PoolChecks;
  readonly #unsubscribe: () => void;

  constructor(parts: MempoolParts) {
    this.#parts = parts;
    this.#checks = new PoolChecks(parts);
    this.#quota = new PoolQuota(() =>
      parts.chain.head.state.committee.seats.map(({ node }) => node),
    );
    this.#unsubscribe = parts.chain.onCommit((committed) => this.#onCommit(committed));
  }

  get size(): number {
    return this.#pending.size;
  }

  /**
   * Acknowledges a transaction: null once it is on disk here, so that it is sent to the committee until it
   * is included or void, over restarts too. Else why it is refused.
   * @throws ChainError `LOG_WRITE_FAILED`
   */
  async accept(transaction: Transaction): Promise<Refusal | PoolRefusal | null> {
    const submitted = this.submit(transaction);
    const pending = this.#pending.get(transactionIdOf(transaction.unsigned));
    if (pending) return pending.journaled.then(() => null);
    const outcome = await submitted;
    return outcome.kind === "refused" ? outcome.refusal : null;
  }

  /**
   * Hands in a transaction of this node's own, or of its user: it is sent to the committee until it is
   * included or void. The same transaction again has the same outcome.
   */
  submit(transaction: Transaction): Promise<TransactionOutcome> {
    const id = transactionIdOf(transaction.unsigned);
    const known = this.#pending.get(id);
    if (known?.from === null) return known.outcome;
    if (known) this.#remove(known);
    const refusal = this.#checks.refusal(transaction);
    // The journal may hold it, of an earlier start: here it ends, unless a block can still change that.
    if (refusal && !mayPass(refusal)) this.#parts.journal?.remove(id);
    if (refusal?.code === "ALREADY_APPLIED")
      return Promise.resolve({ kind: "included", height: this.#parts.chain.head.height });
    const { sender } = transaction.unsigned;
    const no = refusal ?? this.#quota.refusal({ sender, from: null }) ?? this.#diskRefusal();
    if (no) return Promise.resolve({ kind: "refused", refusal: no });
    const pending = this.#add(id, transaction, { sender, from: null, isExecutable: true });
    this.#parts.onOwn(transaction);
    this.#parts.onExecutable();
    return pending.outcome;
  }

  /**
   * Takes in what a peer brings. What cannot be used is dropped: its sender will send it again; and so is
   * what comes behind too many forgeries. Returns how many were forged.
   */
  receive(from: NodeId, transactions: readonly Transaction[]): number {
    let isNews = false;
    let forged = 0;
    for (const transaction of transactions) {
      if (forged >= FORGERIES_AT_ONCE) break;
      const id = transactionIdOf(transaction.unsigned);
      const { sender } = transaction.unsigned;
      if (this.#pending.has(id) || this.#quota.refusal({ sender, from })) continue;
      const refusal = this.#checks.refusal(transaction);
      if (refusal && isForgery(refusal.code)) forged++;
      if (refusal && !mayPass(refusal)) continue;
      const speaker = refusal === null ? sender : this.#checks.speakerOf(transaction, from);
      if (speaker === null) forged++;
      if (speaker === null || this.#quota.refusal({ sender: speaker, from })) continue;
      this.#add(id, transaction, { sender: speaker, from, isExecutable: refusal === null });
      isNews ||= refusal === null;
    }
    if (isNews) this.#parts.onExecutable();
    return forged;
  }

  /** Whether a block could be made of what waits here. */
  hasExecutable(): boolean {
    for (const pending of this.#pending.values()) if (this.#recheck(pending)) return true;
    return false;
  }

  /** In the order of `block-order`; each is checked on the head once. What has become void is dropped on the way. */
  *executable(): Generator<Transaction> {
    const now = this.#parts.clock.monotonic();
    for (const pending of inBlockOrder(this.#pending.values(), now))
      if (this.#recheck(pending)) yield pending.transaction;
  }

  /** A builder tried these behind others and they failed: they are looked at again on the next head. */
  setAside(transactions: readonly Transaction[]): void {
    for (const transaction of transactions) {
      const pending = this.#pending.get(transactionIdOf(transaction.unsigned));
      if (pending) pending.isExecutable = false;
    }
  }

  /**
   * What waits still and the committee may not know of: handed in here, or brought by a node without a
   * seat and executable, since what is not has not been checked to its end, and whoever passes on a forgery
   * answers for it. The oldest first, and no more than a member should be sent at a time.
   */
  toShare(): Transaction[] {
    const found: Transaction[] = [];
    for (const pending of this.#pending.values()) {
      if (found.length >= limits.mempoolShared) break;
      const { from, transaction } = pending;
      const isOurs = from === null || (!this.#quota.isMember(from) && this.#recheck(pending));
      if (isOurs) found.push(transaction);
    }
    return found;
  }

  /** Ends what can never be included any more; to be called now and then. */
  sweep(): void {
    const isOver = this.#parts.clock.now() - limits.expiryGraceMs;
    for (const pending of this.#pending.values()) {
      if (pending.transaction.unsigned.notAfter < isOver) this.#end(pending, { kind: "expired" });
      else if (pending.from !== null && !pending.isExecutable && this.#hasWaited(pending))
        this.#remove(pending);
    }
  }

  stop(): void {
    this.#unsubscribe();
  }

  #onCommit({ height, header, block }: CommittedBlock): void {
    const isHead = height === this.#parts.chain.head.height;
    for (const transaction of block.transactions) {
      const pending = this.#pending.get(transactionIdOf(transaction.unsigned));
      if (pending) this.#end(pending, { kind: "included", height });
    }
    for (const pending of this.#pending.values()) {
      if (pending.transaction.unsigned.notAfter < header.time)
        this.#end(pending, { kind: "expired" });
      // Its submitter waits for an answer; others are looked at when a block is to be made.
      else if (isHead && pending.from === null) this.#recheck(pending);
    }
  }

  /**
   * Those that this pool would take if their senders' signatures held, and the keys to check these by: what
   * is known, void, or over its quota costs nobody a check. What others have signed is not looked at.
   */
  worthChecking(from: NodeId, transactions: readonly Transaction[]): SignedBy[] {
    return transactions.flatMap((transaction) => {
      const { sender } = transaction.unsigned;
      if (this.#pending.has(transactionIdOf(transaction.unsigned))) return [];
      if (this.#quota.refusal({ sender, from })) return [];
      const key = this.#checks.keyToCheck(transaction);
      return key === undefined ? [] : [{ key, transaction }];
    });
  }

  #diskRefusal(): PoolRefusal | null {
    const { trouble } = this.#parts.journal ?? { trouble: null };
    return trouble && { code: "DISK_FULL", reason: trouble.message };
  }

  #recheck(pending: Pending): boolean {
    const { height } = this.#parts.chain.head;
    if (pending.checkedAt === height) return pending.isExecutable;
    pending.checkedAt = height;
    const refusal = this.#checks.refusal(pending.transaction);
    pending.isExecutable = refusal === null;
    if (refusal === null) return true;
    if (refusal.code === "EXPIRED") return false;
    if (pending.from === null) this.#end(pending, { kind: "refused", refusal });
    else if (!mayPass(refusal) || this.#hasWaited(pending)) this.#remove(pending);
    return false;
  }

  #hasWaited({ receivedAt }: Pending): boolean {
    return this.#parts.clock.monotonic() - receivedAt > limits.mempoolWaitMs;
  }

  #add(
    id: TransactionId,
    transaction: Transaction,
    { sender, from, isExecutable }: Pick<Pending, "sender" | "from" | "isExecutable">,
  ): Pending {
    const { promise: outcome, resolve: settle } = Promise.withResolvers<TransactionOutcome>();
    const { chain, clock, journal } = this.#parts;
    const journaled = (from === null && journal?.add(transaction)) || Promise.resolve();
    // Whoever waits for it is told; the ledger may take it all the same.
    journaled.catch(() => {});
    const checkedAt = chain.head.height;
    const receivedAt = clock.monotonic();
    const pending = {
      id,
      transaction,
      sender,
      from,
      receivedAt,
      checkedAt,
      isExecutable,
      settle,
      outcome,
      journaled,
    };
    this.#pending.set(id, pending);
    this.#quota.add(pending);
    return pending;
  }

  #end(pending: Pending, outcome: TransactionOutcome): void {
    this.#remove(pending);
    this.#parts.journal?.remove(pending.id);
    pending.settle(outcome);
  }

  #remove(pending: Pending): void {
    this.#pending.delete(pending.id);
    this.#quota.remove(pending);
  }
}
