import type { BlockHash } from "@meshwork/foundation";
import type { Block } from "@meshwork/protocol";

/** What the replica asks of the ledger. Deterministic; about the head that `start` named. */
export interface Application {
  /**
   * The hash of the header, or null when the body is not the one that the header names: else a
   * peer could hand out a decided header over another body. See `blockHashOf`; worth memoizing.
   */
  hashOf(block: Block): BlockHash | null;
  /**
   * A new block on the head, executed, with `header.view = view` and a time above the parent's.
   * Null when there is nothing to put into it; at view > 0 an empty block will do, so never then.
   */
  buildBlock(at: { view: number; now: number }): Block | null;
  /**
   * Everything about the block that consensus does not check itself: execution and state root,
   * transactions, beacon proof, `lastCommit` and its signatures, the other header fields, and whether
   * it may be empty (only with `header.view > 0` or with work due at its time). The proposer's clock
   * is checked before; that of a re-proposal never. Asked once for each block of a height.
   */
  checkBlock(block: Block, at: { now: number; isReproposal: boolean }): boolean;
  /** Rule 2: a transaction that is executable on the head now, or work that the next block owes. */
  demand(now: number): boolean;
}
