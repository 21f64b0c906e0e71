import type { BlockHash, NodeId } from "@meshwork/foundation";
import type { Block, Certificate, ConsensusMessage, Justification, Vote } from "@meshwork/protocol";
import type { Committee } from "./committee.ts";

/** What the write-ahead log holds. A record is pruned when its height is committed durably. */
export type LogRecord =
  | {
      readonly kind: "vote";
      readonly vote: Vote;
      /** The block voted for; null for X, and where an earlier record of the height has it. */
      readonly block: Block | null;
      /** Mine as a leader: with it the proposal can be sent again. */
      readonly justification: Justification | null;
    }
  | { readonly kind: "certificate"; readonly certificate: Certificate };

/** A timer is fired once, about `delayMs` after it was set; one that has lost its sense is ignored. */
export type Timer =
  | { readonly kind: "tick" }
  | { readonly kind: "timeout" | "grace"; readonly height: number; readonly view: number };

/** Begins a height: at boot, after every durable commit, and after a sync to a later height. */
export interface Start {
  readonly kind: "start";
  readonly now: number;
  readonly height: number;
  readonly parent: { readonly hash: BlockHash; readonly time: number };
  readonly committee: Committee;
  /** The log's records of this height, in their order; empty but after a restart. */
  readonly records: readonly LogRecord[];
}

/** `now` is the node's own clock, in milliseconds since the Unix epoch. */
export type Event =
  | Start
  /** Only what passed `checkMessage`. `from` is the sender as the channel proved it. */
  | {
      readonly kind: "message";
      readonly now: number;
      readonly from: NodeId;
      readonly message: ConsensusMessage;
    }
  | { readonly kind: "timer"; readonly now: number; readonly timer: Timer }
  /** The answer of `application.demand` may have changed. */
  | { readonly kind: "demand"; readonly now: number }
  /** A vote asked for by `cast` is signed and durable in the log. */
  | { readonly kind: "signed"; readonly now: number; readonly vote: Vote };
