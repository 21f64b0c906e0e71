import type { NodeId } from "@meshwork/foundation";
import type { Committee } from "@meshwork/protocol";
import { type ChainHead, committeesOf } from "../store/chain-head.ts";
import type { VoteKeys } from "./vote-folder.ts";
import type { VoteKey } from "./vote-key.ts";
import type { WriteAheadLog } from "./write-ahead-log.ts";

/** A place in a committee, and the key that votes from it. */
export interface MySeat {
  readonly seat: number;
  readonly key: VoteKey;
}

/** Null without a seat, or without its key: a seat that votes with another key is not for this node to fill. */
export function mySeatIn(
  { seats }: Committee,
  { me, keys }: { me: NodeId; keys: Pick<VoteKeys, "of"> },
): MySeat | null {
  const seat = seats.findIndex(({ node }) => node === me);
  const key = seats[seat] && keys.of(seats[seat].voteKey);
  return key?.public.vrfKey === seats[seat]?.vrfKey && key ? { seat, key } : null;
}

/**
 * Erases vote keys whose epochs are over, and makes the next when one was elected. While the chain is below
 * what the log remembers, as after a restore, nothing is erased.
 */
export function keepVoteKeys(
  { height, state }: Pick<ChainHead, "height" | "state">,
  {
    me,
    keys,
    wal,
  }: { me: NodeId; keys: Pick<VoteKeys, "keep">; wal: Pick<WriteAheadLog, "completeFrom"> },
): Promise<void> {
  const seated = committeesOf(state).flatMap(({ epoch, seats }) =>
    seats.flatMap(({ node, voteKey }) => (node === me ? [{ voteKey, epoch }] : [])),
  );
  return keys.keep({
    seated,
    registered: state.node(me)?.lease?.vote?.voteKey ?? null,
    reached: height + 1 < wal.completeFrom ? null : state.committee.epoch,
  });
}
