import { leaderOf } from "@meshwork/consensus";
import { assert, type BlockHash, type NodeId } from "@meshwork/foundation";
import {
  type AppliedBlock,
  applyBlock,
  type Checks,
  type InvalidBlock,
  type LedgerEvent,
  type State,
  type Why,
} from "@meshwork/ledger";
import {
  type Block,
  type Certificate,
  type Committee,
  type HandOver,
  type Header,
  voteKeysOf,
} from "@meshwork/protocol";

/** Where the chain stands. A value: a new block makes a new one. */
export interface ChainHead {
  readonly height: number;
  readonly hash: BlockHash;
  readonly header: Header;
  /** Null at the genesis alone. */
  readonly certificate: Certificate | null;
  /** After this block. */
  readonly state: State;
}

/** A block that has become final and durable, with all that it brought about. */
export interface CommittedBlock extends ChainHead {
  readonly block: Block;
  readonly certificate: Certificate;
  readonly events: readonly LedgerEvent[];
  readonly whys: readonly Why[];
}

export function applyOn(
  { state, header: parent }: Pick<ChainHead, "state" | "header">,
  block: Block,
  checks: Checks,
  options: { rootIsVouched?: boolean } = {},
): AppliedBlock | InvalidBlock {
  const leader = leaderAt(state, block.header);
  return applyBlock({ state, parent, checks, leader, ...options }, block);
}

/** The node whose turn it is at this height and view, as consensus has it. */
export function leaderAt(state: State, at: { height: number; view: number }): NodeId {
  const { seats, leaders } = state.committee;
  const seat = seats[leaderOf({ order: leaders }, at)];
  assert(seat, "the leaders of a committee are its seats");
  return seat.node;
}

/** The committee that sits, and from its election on the next one. */
export function committeesOf(state: State): Committee[] {
  const { committee, nextCommittee } = state;
  return nextCommittee === null ? [committee] : [committee, nextCommittee];
}

/** Who sits now, and who will: a node is linked to both, so that no height waits for a connection. */
export const membersOf = (state: State): NodeId[] => [
  ...new Set(committeesOf(state).flatMap(({ seats }) => seats.map(({ node }) => node))),
];

/** The vote keys of an epoch by seat; null for one whose committee the head does not know. */
export function voteKeysAt({ state }: Pick<ChainHead, "state">, epoch: number) {
  const committee = state.committeeOf(epoch);
  return committee === undefined ? null : voteKeysOf(committee);
}

/** What shows a light client who votes in the next epoch; null after a block that is not the last of its own. */
export function handOverAt(
  header: Header,
  { certificate, state }: Pick<CommittedBlock, "certificate" | "state">,
): HandOver | null {
  const { committee } = state;
  return committee.epoch === header.epoch ? null : { header, certificate, committee };
}
