import { digestOf, nodeIdOf } from "@meshwork/crypto";
import { type Digest, fromHex, limits, type NodeId, utf8 } from "@meshwork/foundation";
import {
  type Committee,
  type Genesis,
  type Seat,
  type SeededDraw,
  seededDraw,
} from "@meshwork/protocol";
import { contributionOf, weightsOf } from "./contribution.ts";
import { isNewcomer } from "./eligibility.ts";
import { permuted } from "./permuted.ts";
import type { NodeState } from "./records.ts";
import type { State } from "./state.ts";

/** Epoch 0's committee: the seats that genesis names, in its order, led in an order that chance shuffled. */
export function committeeOfGenesis(genesis: Genesis, beacon: Digest): Committee {
  const seats = genesis.members
    .flatMap(({ publicKey, vote }) =>
      vote === null ? [] : [{ node: nodeIdOf(publicKey), ...vote }],
    )
    .slice(0, limits.committeeSeats);
  return led({ epoch: 0, seats, beacon });
}

/** Who follows the sitting committee, by the beacon of the election block. */
export function electCommittee(
  state: State,
  { beacon, activeTime }: { beacon: Digest; activeTime: number },
): Committee {
  const sitting = state.committee;
  const ranking = rankCandidates(state, { beacon, activeTime });
  const nodes = rotated(
    sitting.seats.map(({ node }) => node),
    {
      ranking,
      maxSeats: state.policy.committeeSeats,
      isBarred: (node) => state.isBlacklisted(node),
    },
  );
  // A key that was registered meanwhile counts from now on; who could not be elected keeps his.
  const seats = nodes.map(
    (node) =>
      ranking.find(({ seat }) => seat.node === node)?.seat ??
      (sitting.seats.find((seat) => seat.node === node) as Seat),
  );
  return led({ epoch: sitting.epoch + 1, seats, beacon });
}

/** The seat that leads view v of height h is number (h + v) mod n of this list. */
export const leaderOrder = (state: State): readonly number[] => state.committee.leaders;

/** How many of n seats an election may change; as many may be faulty. */
export const changeableSeats = (seats: number): number => Math.floor((seats - 1) / 3);

interface Candidate {
  seat: Seat;
  /** Who vouched for it; all for whom nobody did are one. */
  operator: NodeId | null;
}

interface Election {
  /** Who may be seated, in the order that chance gave them. */
  ranking: readonly Candidate[];
  maxSeats: number;
  isBarred(node: NodeId): boolean;
}

/**
 * The committee goes towards the sample, a third at a time. The sample is the best-ranked candidates, one
 * an operator while that fills the seats. Seats outside of it leave: who was convicted first, then who
 * cannot stand any more, then the worst-ranked; the best-ranked others come in. A committee that is smaller
 * than the sample grows: only who cannot stand leaves it. With too few candidates all stay.
 *
 * At most `changeableSeats` leave and as many come: so more than two thirds of the old committee stay, and
 * they are more than two thirds of the new one.
 */
function rotated(
  sitting: readonly NodeId[],
  { ranking, maxSeats, isBarred }: Election,
): readonly NodeId[] {
  if (ranking.length < limits.committeeSeatsMin) return sitting;
  const size = Math.min(maxSeats, ranking.length);
  const sample = new Set(oneEach(ranking, size).map(({ seat }) => seat.node));
  const rank = new Map(ranking.map(({ seat }, at) => [seat.node, at]));
  const rankOf = (node: NodeId) => rank.get(node) ?? (isBarred(node) ? 2 : 1) * ranking.length;

  const isGrowing = sitting.length < size;
  const mayStay = (node: NodeId) => (isGrowing ? rank.has(node) : sample.has(node));
  const changeable = changeableSeats(sitting.length);
  const leaving = sitting
    .filter((node) => !mayStay(node))
    .toSorted((a, b) => rankOf(b) - rankOf(a))
    .slice(0, changeable);
  const staying = sitting.filter((node) => !leaving.includes(node));
  const operators = ranking.flatMap((one) =>
    staying.includes(one.seat.node) ? [one.operator] : [],
  );
  const others = ranking.filter(({ seat }) => !sitting.includes(seat.node));
  const room = Math.max(0, Math.min(changeable, size - staying.length));
  return [...staying, ...oneEach(others, room, operators).map(({ seat }) => seat.node)];
}

/** The first `count`, at most one of an operator while others are to be had. */
function oneEach(
  ranking: readonly Candidate[],
  count: number,
  taken: readonly Candidate["operator"][] = [],
): Candidate[] {
  const operators = new Set(taken);
  const first: Candidate[] = [];
  const further: Candidate[] = [];
  for (const candidate of ranking) {
    (operators.has(candidate.operator) ? further : first).push(candidate);
    operators.add(candidate.operator);
  }
  return [...first, ...further].slice(0, count);
}

/**
 * All that have a weight are ranked, and only then those left out who may not be seated: else whoever
 * foresees the beacon could withdraw a candidate to change the order of the others.
 */
function rankCandidates(
  state: State,
  { beacon, activeTime }: { beacon: Digest; activeTime: number },
): Candidate[] {
  const draw = seededDraw(digestOf("meshwork/draw/1", fromHex(beacon), utf8("committee")));
  const order = permuted(weightsOf(state), draw);
  return order.flatMap((id) => {
    const node = state.node(id);
    const seat = node && seatFor(state, node, activeTime);
    return node && seat ? [{ seat, operator: node.operator }] : [];
  });
}

/** The seat that a node may take in the next epoch; null if it may not. */
function seatFor(state: State, node: NodeState, activeTime: number): Seat | null {
  const { nodeId, lease, suspendedUntil } = node;
  // A lease that genesis gave shows nothing: a candidate must have named a recent block.
  if (lease === null || lease.renewedAt === null || lease.until <= activeTime) return null;
  const { vote } = lease;
  if (vote === null || vote.from > state.epoch.number + 1) return null;
  if (state.isBlacklisted(nodeId) || suspendedUntil > activeTime) return null;
  if (isYoung(state, nodeId) || isNewcomer(state, node, activeTime)) return null;
  return { node: nodeId, voteKey: vote.voteKey, vrfKey: vote.vrfKey };
}

function isYoung(state: State, nodeId: NodeId): boolean {
  const { epoch, policy } = state;
  const { since } = contributionOf(state, nodeId);
  // Nobody is older than the network.
  return epoch.number - since < Math.min(policy.seatAgeEpochs, epoch.number);
}

function led({ epoch, seats, beacon }: Omit<Committee, "leaders"> & { beacon: Digest }): Committee {
  const draw = seededDraw(digestOf("meshwork/draw/1", fromHex(beacon), utf8("leaders")));
  return { epoch, seats, leaders: shuffled(seats.length, draw) };
}

/** Fisher and Yates. */
function shuffled(count: number, draw: SeededDraw): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const other = draw(last + 1);
    const seat = order[last] as number;
    order[last] = order[other] as number;
    order[other] = seat;
  }
  return order;
}
