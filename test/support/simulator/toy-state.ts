import type { Evidence } from "@meshwork/consensus";
import type { Digest, NodeId } from "@meshwork/foundation";
import type { Transaction } from "@meshwork/protocol";
import { hashText } from "./hash-text.ts";
import { elect, firstKeyOf, genesisSeats, nameOf, type Seats, type VoteKey } from "./seats.ts";
import { type Act, actOf, subjectOf } from "./toy-transaction.ts";

/** All that the toy ledger knows: immutable, and the same object for all nodes that got there. */
export interface ToyState {
  readonly counters: ReadonlyMap<NodeId, number>;
  readonly voteKeys: ReadonlyMap<NodeId, VoteKey>;
  readonly serials: ReadonlyMap<NodeId, number>;
  readonly convicted: ReadonlySet<NodeId>;
  /** Every committee since the genesis; the last one sits. */
  readonly committees: readonly Seats[];
  /** Who comes next, and the last height of those who sit. */
  readonly election: { readonly seats: Seats; readonly lastHeight: number } | null;
  readonly epochStart: number;
  readonly activeTime: number;
}

/** The rules of rotation, to be broken one by one. */
export interface EpochRules {
  /** The first block that is so much older, in active time, than its epoch elects. */
  readonly epochMs: number;
  /** Heights from the election to the hand-over, so that the newcomers can catch up. */
  readonly windowBlocks: number;
  readonly mostChanges: (seats: number) => number;
}

export interface ToyRules extends EpochRules {
  /** Whether both votes are signed by the seat, and exclude each other. */
  readonly isProven: (evidence: Evidence, seats: Seats) => boolean;
}

export function genesisState(scenario: {
  seed: number;
  seats: number;
  spares: number;
  lateStarters: number;
}): ToyState {
  const { seats, spares, lateStarters } = scenario;
  const founders = Array.from({ length: seats + spares - lateStarters }, (_, i) => nameOf(i));
  return {
    counters: new Map(),
    voteKeys: new Map(founders.map((name) => [name, firstKeyOf(name)])),
    serials: new Map(),
    convicted: new Set(),
    committees: [genesisSeats(scenario)],
    election: null,
    epochStart: 0,
    activeTime: 0,
  };
}

export const sitting = ({ committees }: ToyState): Seats => committees.at(-1) as Seats;

/** Null for an epoch that this state knows nothing of. */
export const seatsIn = ({ committees, election }: ToyState, epoch: number): Seats | null =>
  committees[epoch] ?? (election?.seats.epoch === epoch ? election.seats : null);

export const counterOf = ({ counters }: ToyState, sender: NodeId): number =>
  counters.get(sender) ?? 0;

export function isExecutable(state: ToyState, act: Act): boolean {
  switch (act.kind) {
    case "count":
      return act.nonce === counterOf(state, act.sender);
    case "renew":
      return act.serial > (state.serials.get(act.sender) ?? 0);
    case "convict":
      return !state.convicted.has(act.suspect);
  }
}

/** Whether it may still be executed some day. */
export const isOver = (state: ToyState, act: Act): boolean =>
  act.kind === "count" ? act.nonce < counterOf(state, act.sender) : !isExecutable(state, act);

export interface ToyBlock {
  readonly height: number;
  readonly activeTime: number;
  readonly transactions: readonly Transaction[];
}

/** The state after a block; null when the block is not valid. */
export function applyToyBlock(
  state: ToyState,
  { height, activeTime, transactions }: ToyBlock,
  rules: ToyRules,
): ToyState | null {
  const acts = transactions.map(actOf);
  if (new Set(acts.map(subjectOf)).size < acts.length) return null;
  if (!acts.every((act) => isExecutable(state, act) && isJust(state, act, rules))) return null;
  const after = acts.length === 0 ? state : execute(state, acts);
  return rotate({ ...after, activeTime }, height, rules);
}

/** Anyone can check evidence, of an epoch long past too. */
export function isJust(state: ToyState, act: Act, { isProven }: ToyRules): boolean {
  if (act.kind !== "convict") return true;
  const seats = seatsIn(state, act.evidence.first.ballot.epoch);
  if (seats?.members[act.evidence.seat] !== act.suspect) return false;
  return isProven(act.evidence, seats);
}

function execute(state: ToyState, acts: readonly Act[]): ToyState {
  const counters = new Map(state.counters);
  const voteKeys = new Map(state.voteKeys);
  const serials = new Map(state.serials);
  const convicted = new Set(state.convicted);
  for (const act of acts)
    if (act.kind === "count") counters.set(act.sender, act.nonce + 1);
    else if (act.kind === "convict") convicted.add(act.suspect);
    else {
      voteKeys.set(act.sender, act.key);
      serials.set(act.sender, act.serial);
    }
  return { ...state, counters, voteKeys, serials, convicted };
}

/** Elects when the epoch is old enough, and hands over `windowBlocks` heights later. */
function rotate(state: ToyState, height: number, rules: EpochRules): ToyState {
  const { activeTime, epochStart, committees } = state;
  const isDue = activeTime - epochStart >= rules.epochMs;
  const election =
    state.election ??
    (isDue
      ? { seats: electFrom(state, height, rules), lastHeight: height + rules.windowBlocks }
      : null);
  if (election === null) return state;
  if (height < election.lastHeight) return { ...state, election };
  return {
    ...state,
    committees: [...committees, election.seats],
    election: null,
    epochStart: activeTime,
  };
}

function electFrom(state: ToyState, height: number, { mostChanges }: EpochRules): Seats {
  const { voteKeys, convicted } = state;
  const chance = hashText(`${height}|${sitting(state).hash}|${[...voteKeys.values()]}`);
  return elect({ seats: sitting(state), voteKeys, convicted, mostChanges }, chance);
}

const roots = new WeakMap<ToyState, Digest>();

/** Over all of the state: whoever is handed one can see whether it is what a header names. */
export function rootOfState(state: ToyState): Digest {
  let root = roots.get(state);
  if (root === undefined) {
    root = computeRoot(state);
    roots.set(state, root);
  }
  return root;
}

function computeRoot(state: ToyState): Digest {
  const { counters, voteKeys, serials, convicted, committees, election } = state;
  const maps = [counters, voteKeys, serials].map((map) => [...map].join());
  const committeeHashes = committees.map(({ hash }) => hash);
  const next = election === null ? "" : `${election.seats.hash}@${election.lastHeight}`;
  const rest = [[...convicted], committeeHashes, next, state.epochStart, state.activeTime];
  return hashText([...maps, ...rest].join("|")) as Digest;
}
