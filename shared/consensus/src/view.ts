import type { BlockHash } from "@meshwork/foundation";
import type {
  Certificate,
  ConsensusMessage,
  Justification,
  Proposal,
  Vote,
} from "@meshwork/protocol";
import type { OwnVotes } from "./rules.ts";
import { Votes } from "./votes.ts";

/** All that a node knows of one view of one height. */
export class View {
  readonly votes = new Votes();
  /** What I signed or asked to be signed: decides what I may sign still. */
  readonly own: OwnVotes = { N: null, X: false, F: null };
  /** My votes that are durable: the ones to send, and to send again. */
  readonly signed: { N: Vote | null; X: Vote | null; F: Vote | null } = {
    N: null,
    X: null,
    F: null,
  };
  readonly certificates: { N: Certificate | null; X: Certificate | null } = { N: null, X: null };
  /** The leader's, the first that was well-formed; mine only once my N on it is durable. */
  proposal: Proposal | null = null;
  /** Why I propose my block, while my N on it is on its way to the disk. */
  draft: Justification | null = null;

  /** My vote as it travels: a leader's N goes with its block. */
  messageOf(vote: Vote): ConsensusMessage {
    return this.proposal !== null && this.proposal.vote === vote
      ? this.proposal
      : { kind: "vote", vote };
  }

  /** The block that must be at hand to go on: notarized, and not given up as well. */
  get awaited(): BlockHash | null {
    const { N, X } = this.certificates;
    return X === null ? (N?.ballot.blockHash ?? null) : null;
  }
}
