import type { NodeId } from "@meshwork/foundation";
import type { State } from "@meshwork/ledger";
import type { Committee } from "@meshwork/protocol";
import { committeesOf } from "./chain-head.ts";
import type { VoteKeys } from "./vote-folder.ts";
import type { VoteKey } from "./vote-key.ts";

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

/** Erases vote keys that the ledger names no more, and makes the next when one was elected. */
export function keepVoteKeys(
  state: State,
  { me, keys }: { me: NodeId; keys: Pick<VoteKeys, "keep"> },
): Promise<void> {
  const seated = committeesOf(state).flatMap(({ seats }) =>
    seats.flatMap(({ node, voteKey }) => (node === me ? [voteKey] : [])),
  );
  return keys.keep(seated, state.node(me)?.lease?.vote?.voteKey ?? null);
}
