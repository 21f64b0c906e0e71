import type { Application, Verifier } from "@meshwork/consensus";
import type { BlockHash, Digest, NodeId, Signature } from "@meshwork/foundation";
import type { Block, Certificate, Header, Transaction, Vote } from "@meshwork/protocol";
import { hashText } from "./hash-text.ts";
import type { Seats } from "./seats.ts";
import {
  applyToyBlock,
  counterOf,
  isExecutable,
  isJust,
  isOver,
  rootOfState,
  seatsIn,
  sitting,
  type ToyRules,
  type ToyState,
} from "./toy-state.ts";
import { actOf, CHAIN, subjectOf } from "./toy-transaction.ts";

export const GENESIS = hashText("genesis") as BlockHash;
const TRANSACTIONS_PER_BLOCK = 20;
const MAX_ACTIVE_STEP_MS = 60_000;

/** What the ledger of a node stands on. */
export interface Head {
  readonly height: number;
  readonly hash: BlockHash;
  readonly time: number;
  readonly state: ToyState;
  readonly certificate: Certificate | null;
}

export interface ToyLedgerParts {
  readonly self: NodeId;
  readonly rules: ToyRules;
  readonly verify: (certificate: Certificate, seats: Seats) => boolean;
  /** A heartbeat is owed when the head is older than this. */
  readonly heartbeatMs: number;
  /** Between an election and the hand-over, blocks are so far apart, and owed. */
  readonly paceMs: number;
  /** The hash of the header, or null for another body. Shared by all: what it costs is saved. */
  readonly hashOf: (block: Block) => BlockHash | null;
  /** `applyToyBlock`, computed once for all nodes. */
  readonly apply: (state: ToyState, block: Block) => ToyState | null;
}

/**
 * A ledger small enough to simulate by the million: accounts with a counter, vote keys, convictions
 * and epochs. A transaction is executable when its nonce is its sender's counter, so one that skips a
 * number waits, perhaps for ever.
 */
export class ToyLedger implements Application {
  head: Head;
  readonly pool = new Map<Signature, Transaction>();
  readonly #parts: ToyLedgerParts;

  constructor(parts: ToyLedgerParts, genesis: { time: number; state: ToyState }) {
    this.#parts = parts;
    this.head = { height: 0, hash: GENESIS, certificate: null, ...genesis };
  }

  get state(): ToyState {
    return this.head.state;
  }

  /** Who decides the next height. */
  get seats(): Seats {
    return sitting(this.state);
  }

  /** Signatures of an epoch that this node knows nothing of are not believed. */
  verifierBy(parts: { verifyVote(vote: Vote, seats: Seats): boolean }): Verifier {
    const { verify } = this.#parts;
    return {
      vote: (vote) => {
        const seats = seatsIn(this.state, vote.ballot.epoch);
        return seats !== null && parts.verifyVote(vote, seats);
      },
      certificate: (certificate) => {
        const seats = seatsIn(this.state, certificate.ballot.epoch);
        return seats !== null && verify(certificate, seats);
      },
    };
  }

  hashOf(block: Block): BlockHash | null {
    return this.#parts.hashOf(block);
  }

  /** True if the transaction is new and may still be executed some day. */
  offer(transaction: Transaction): boolean {
    if (this.pool.has(transaction.signature)) return false;
    const act = actOf(transaction);
    if (isOver(this.state, act) || !isJust(this.state, act, this.#parts.rules)) return false;
    this.pool.set(transaction.signature, transaction);
    return true;
  }

  counterOf(sender: NodeId): number {
    return counterOf(this.state, sender);
  }

  /** Something is pending that can be executed, or a hand-over is on its way. */
  hasWork(): boolean {
    return this.state.election !== null || this.#hasExecutable();
  }

  demand(now: number): boolean {
    return (this.hasWork() && this.#isPaced(now)) || this.#isHeartbeatDue(now);
  }

  buildBlock({ view, now }: { view: number; now: number }): Block | null {
    if (view === 0 && !this.#isPaced(now)) return null;
    const time = Math.max(now, this.#earliestTime);
    const transactions = this.#choose();
    if (transactions.length === 0 && view === 0 && !this.#isOwed(time)) return null;
    return this.blockOf(transactions, { view, time });
  }

  /** A block of these transactions, whether or not they fit; the state of one that does not is the old one. */
  blockOf(
    transactions: readonly Transaction[],
    { view, time }: { view: number; time: number },
  ): Block {
    const { head } = this;
    const height = head.height + 1;
    const activeTime = this.#activeTimeAt(time);
    const after = applyToyBlock(
      this.state,
      { height, activeTime, transactions },
      this.#parts.rules,
    );
    const header: Header = {
      version: 1,
      chainId: CHAIN,
      epoch: this.seats.epoch,
      height,
      view,
      parent: head.hash,
      time,
      activeTime,
      proposer: this.#parts.self,
      beaconProof: null,
      transactionRoot: rootOf(transactions),
      stateRoot: rootOfState(after ?? this.state),
      committeeHash: this.seats.hash,
      nextCommitteeHash: announcedBy(this.state, after),
      lastCommitHash: commitHashOf(head.certificate),
    };
    return { header, transactions: [...transactions], lastCommit: head.certificate };
  }

  checkBlock(block: Block): boolean {
    const { header, transactions, lastCommit } = block;
    if (!this.#isPaced(header.time)) return false;
    if (header.activeTime !== this.#activeTimeAt(header.time)) return false;
    if (transactions.length === 0 && header.view === 0 && !this.#isOwed(header.time)) return false;
    const after = this.#parts.apply(this.state, block);
    return (
      after !== null &&
      header.stateRoot === rootOfState(after) &&
      header.committeeHash === this.seats.hash &&
      header.nextCommitteeHash === announcedBy(this.state, after) &&
      this.#isParentFinal(lastCommit)
    );
  }

  commit(block: Block, certificate: Certificate): void {
    const { height, time } = block.header;
    const state = this.#parts.apply(this.state, block) ?? this.state;
    this.stand({ height, time, state, certificate, hash: hashIn(certificate) });
  }

  /** Goes on from another head: after a block, a restart or a snapshot. */
  stand(head: Head): void {
    this.head = head;
    for (const [id, transaction] of this.pool)
      if (isOver(head.state, actOf(transaction))) this.pool.delete(id);
  }

  #choose(): Transaction[] {
    const subjects = new Set<string>();
    const chosen: Transaction[] = [];
    for (const transaction of this.pool.values()) {
      const act = actOf(transaction);
      if (chosen.length === TRANSACTIONS_PER_BLOCK) break;
      if (subjects.has(subjectOf(act)) || !isExecutable(this.state, act)) continue;
      subjects.add(subjectOf(act));
      chosen.push(transaction);
    }
    return chosen;
  }

  #hasExecutable(): boolean {
    for (const transaction of this.pool.values())
      if (isExecutable(this.state, actOf(transaction))) return true;
    return false;
  }

  get #earliestTime(): number {
    return this.head.time + (this.state.election === null ? 1 : this.#parts.paceMs);
  }

  /** That time grows at all is a rule of consensus, not of the ledger. */
  #isPaced(time: number): boolean {
    return this.state.election === null || time >= this.#earliestTime;
  }

  #activeTimeAt(time: number): number {
    const step = Math.min(Math.max(0, time - this.head.time), MAX_ACTIVE_STEP_MS);
    return this.state.activeTime + step;
  }

  #isOwed(time: number): boolean {
    return this.state.election !== null || this.#isHeartbeatDue(time);
  }

  #isHeartbeatDue(time: number): boolean {
    return time >= this.head.time + this.#parts.heartbeatMs;
  }

  #isParentFinal(lastCommit: Certificate | null): boolean {
    if (lastCommit === null || this.head.height === 0)
      return lastCommit === null && this.head.height === 0;
    const { kind, epoch, height, blockHash } = lastCommit.ballot;
    const seats = seatsIn(this.state, epoch);
    return (
      kind === "F" &&
      height === this.head.height &&
      blockHash === this.head.hash &&
      seats !== null &&
      this.#parts.verify(lastCommit, seats)
    );
  }
}

/** The committee that a header binds: from the election on to the hand-over. */
function announcedBy(before: ToyState, after: ToyState | null): Digest | null {
  if (after === null) return null;
  if (after.election !== null) return after.election.seats.hash;
  return after.committees.length > before.committees.length ? sitting(after).hash : null;
}

export function hashIn({ ballot: { blockHash } }: Certificate): BlockHash {
  if (blockHash === null) throw new TypeError("a block is decided by an F-certificate");
  return blockHash;
}

/** Each block object is executed once on each state; its nodes share the outcome. */
export function memoizedApply(rules: ToyRules): ToyLedgerParts["apply"] {
  const known = new WeakMap<Block, { from: ToyState; to: ToyState | null }>();
  return (state, block) => {
    const before = known.get(block);
    if (before?.from === state) return before.to;
    const { height, activeTime } = block.header;
    const { transactions } = block;
    const to = applyToyBlock(state, { height, activeTime, transactions }, rules);
    known.set(block, { from: state, to });
    return to;
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

export const rootOf = (transactions: readonly Transaction[]): Digest =>
  hashText(transactions.map(({ signature }) => signature).join("|")) as Digest;

const commitHashOf = (certificate: Certificate | null): Digest =>
  hashText(certificate === null ? "none" : certificate.signatures.join("|")) as Digest;
