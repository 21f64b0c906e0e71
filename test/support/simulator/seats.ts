import type { Committee } from "@meshwork/consensus";
import type { Digest, NodeId } from "@meshwork/foundation";
import { hashText } from "./hash-text.ts";
import { SeededRandom } from "./seeded-random.ts";

/** A key that only its owner signs with; what it looks like is of no matter here. */
export type VoteKey = string;

/** Who decides the heights of one epoch, by which keys, led in which order. */
export interface Seats {
  readonly epoch: number;
  readonly members: readonly NodeId[];
  readonly keys: readonly VoteKey[];
  readonly order: readonly number[];
  readonly hash: Digest;
}

export const makeSeats = (seats: Omit<Seats, "hash">): Seats => ({
  ...seats,
  hash: hashOfSeats(seats),
});

export const hashOfSeats = ({ epoch, members, keys, order }: Omit<Seats, "hash">): Digest =>
  hashText(`${epoch}|${members}|${keys}|${order}`) as Digest;

export const nameOf = (index: number): NodeId => `n${index}` as NodeId;
export const firstKeyOf = (name: NodeId): VoteKey => `${name}.0`;

export function genesisSeats({ seed, seats }: { seed: number; seats: number }): Seats {
  const members = Array.from({ length: seats }, (_, i) => nameOf(i));
  const order = new SeededRandom(seed + 7_919).shuffled(members.map((_, i) => i));
  return makeSeats({ epoch: 0, members, keys: members.map(firstKeyOf), order });
}

/** How many seats an election may give to others: as many as may lie. */
export const mostChanges = (seats: number): number => Math.floor((seats - 1) / 3);

export interface Electorate {
  readonly seats: Seats;
  /** Whoever can be elected, and the key that he would vote with. */
  readonly voteKeys: ReadonlyMap<NodeId, VoteKey>;
  readonly convicted: ReadonlySet<NodeId>;
  readonly mostChanges: (seats: number) => number;
}

/** The convicted go first, then whom chance picks; as many as there are others to come. */
export function elect(electorate: Electorate, chance: string): Seats {
  const { seats, voteKeys, convicted } = electorate;
  const random = new SeededRandom(Number.parseInt(chance.slice(0, 8), 16));
  const isOutside = (name: NodeId) => !seats.members.includes(name) && !convicted.has(name);
  const coming = random.shuffled([...voteKeys.keys()].filter(isOutside));
  const shuffled = random.shuffled(seats.members);
  const guilty = shuffled.filter((name) => convicted.has(name));
  const others = shuffled.filter((name) => !convicted.has(name));
  const changes = Math.min(coming.length, electorate.mostChanges(seats.members.length));
  const leaving = [...guilty, ...others].slice(0, changes);
  const members = seats.members.map((name) => coming[leaving.indexOf(name)] ?? name);
  const keys = members.map((name, seat) => voteKeys.get(name) ?? (seats.keys[seat] as VoteKey));
  const order = random.shuffled(members.map((_, i) => i));
  return makeSeats({ epoch: seats.epoch + 1, members, keys, order });
}

/** The committee as a node sees it: it has a seat only if it has the seat's key. */
export function committeeOf(seats: Seats, name: NodeId, keys: ReadonlySet<VoteKey>): Committee {
  const seat = seats.members.indexOf(name);
  const mayVote = seat >= 0 && keys.has(seats.keys[seat] as VoteKey);
  return {
    epoch: seats.epoch,
    members: seats.members,
    order: seats.order,
    seat: mayVote ? seat : null,
  };
}
