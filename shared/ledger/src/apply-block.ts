import { assert, limits, type NodeId } from "@meshwork/foundation";
import {
  type Block,
  committeeHash,
  type Header,
  headerHash,
  lastCommitHashOf,
  type Transaction,
  transactionBytes,
  transactionRootOf,
} from "@meshwork/protocol";
import { activeTimeAt } from "./active-time.ts";
import { applyTransaction, checkTransaction } from "./apply-transaction.ts";
import { nextBeacon } from "./beacon.ts";
import { type BlockRefusal, checkHeader, refuseBlock } from "./check-header.ts";
import { owedAt } from "./demand.ts";
import { Draft, type LedgerEvent } from "./draft.ts";
import { doWhatIsDue } from "./due.ts";
import { earliestTime, handOverIfLast } from "./pass-epoch.ts";
import { isProtocolKnown } from "./protocol-version.ts";
import type { Refusal } from "./refusal.ts";
import type { LeafChange, State } from "./state.ts";
import { type Checks, type Ground, realChecks } from "./transactions/rule.ts";
import type { Why } from "./why.ts";

/** What a block did. Nothing is changed in place: to drop it is to forget this value. */
export interface AppliedBlock {
  ok: true;
  block: Block;
  state: State;
  /** The leaves that a store must write, together with the block. */
  changes: LeafChange[];
  events: LedgerEvent[];
  whys: Why[];
}
export interface InvalidBlock {
  ok: false;
  refusal: BlockRefusal;
}

export interface BlockGround {
  /** After `parent`. */
  state: State;
  parent: Header;
  /** @default the real signature checks */
  checks?: Checks;
  /** The header's state root is not held against the state: that of a later final block vouches for it. @default false */
  rootIsVouched?: boolean;
}

/** @param leader the seat whose turn it is by the rules of consensus, in the view of the block. */
export function applyBlock(
  ground: BlockGround & { leader: NodeId },
  block: Block,
): AppliedBlock | InvalidBlock {
  const { state, parent, leader, checks = realChecks, rootIsVouched = false } = ground;
  const { header, transactions } = block;
  assert(state.head.height === parent.height, "the state is not that of the parent");

  const headerRefusal = checkHeader({ state, parent, leader, checks }, block);
  if (headerRefusal !== null) return { ok: false, refusal: headerRefusal };
  const draft = openBlock(state, header, checks);
  if (draft === null)
    return invalid("BAD_BEACON_PROOF", `the beacon proof of ${header.proposer} does not hold`);
  doWhatIsDue(draft);
  // Not before now, since this very block may have elected it.
  if (header.nextCommitteeHash !== nextCommitteeHashOf(draft.state))
    return invalid("WRONG_COMMITTEE", "the header names another committee to come");
  for (const [i, transaction] of transactions.entries()) {
    const refusal = applyNext(draft, transaction, checks);
    if (refusal !== null)
      return invalid("TRANSACTION_REFUSED", `transaction ${i}: ${refusal.code}: ${refusal.reason}`);
  }
  handOverIfLast(draft);
  if (transactionRootOf(transactions) !== header.transactionRoot)
    return invalid("WRONG_TRANSACTION_ROOT", "the header names other transactions");
  if (!rootIsVouched && draft.state.root() !== header.stateRoot)
    return invalid(
      "WRONG_STATE_ROOT",
      `the block leads to ${draft.state.root()}, not ${header.stateRoot}`,
    );
  return applied(draft, block);
}

/** What a proposer has to say of his block, and from what he may choose. */
export interface Proposal {
  proposer: NodeId;
  view: number;
  /** His clock; moved past the parent's if it is behind. */
  time: number;
  /** Over `beaconInput(state.head)`, by his VRF key. */
  beaconProof: NonNullable<Header["beaconProof"]>;
  /** In the order in which they are tried; those that fail are left out. */
  candidates: Iterable<Transaction>;
  lastCommit: Block["lastCommit"];
}

export interface BuiltBlock extends AppliedBlock {
  /** What was tried and does not stand in the block. */
  dropped: { transaction: Transaction; refusal: Refusal }[];
}

/** The proposer's side of the same rules. */
export function buildBlock(ground: BlockGround, proposal: Proposal): BuiltBlock | InvalidBlock {
  const { state, parent, checks = realChecks } = ground;
  const { proposer, view, beaconProof, candidates, lastCommit } = proposal;
  assert(state.head.height === parent.height, "the state is not that of the parent");
  if (!isProtocolKnown(state))
    return invalid(
      "UNKNOWN_PROTOCOL",
      `rules of version ${state.protocolVersion} are not known here`,
    );
  const time = Math.max(proposal.time, earliestTime(state));
  const base = {
    version: 1 as const,
    chainId: parent.chainId,
    epoch: state.epoch.number,
    height: parent.height + 1,
    view,
    parent: headerHash(parent),
    time,
    activeTime: activeTimeAt(state.head, time),
    proposer,
    beaconProof,
    committeeHash: committeeHash(state.committee),
    lastCommitHash: lastCommitHashOf(lastCommit),
  };
  const draft = openBlock(state, base, checks);
  if (draft === null)
    return invalid("BAD_BEACON_PROOF", `the beacon proof of ${proposer} does not hold`);
  doWhatIsDue(draft);
  const nextCommitteeHash = nextCommitteeHashOf(draft.state);
  const { transactions, dropped } = choose(draft, candidates, checks);
  if (transactions.length === 0 && view === 0 && !owedAt(state, time))
    return invalid("NOT_OWED", "there is nothing to put into a block");
  handOverIfLast(draft);
  const header: Header = {
    ...base,
    nextCommitteeHash,
    transactionRoot: transactionRootOf(transactions),
    stateRoot: draft.state.root(),
  };
  return { ...applied(draft, { header, transactions, lastCommit }), dropped };
}

/** Room for the header, the last certificate and the lengths around the transactions. */
const BYTES_BESIDE_TRANSACTIONS = 32_768;

function choose(draft: Draft, candidates: Iterable<Transaction>, checks: Checks) {
  const transactions: Transaction[] = [];
  const dropped: BuiltBlock["dropped"] = [];
  let room = limits.blockBytes - BYTES_BESIDE_TRANSACTIONS;
  for (const transaction of candidates) {
    if (transactions.length === limits.transactionsPerBlock) break;
    const size = transactionBytes(transaction).length;
    if (size > room) continue;
    const refusal = applyNext(draft, transaction, checks);
    if (refusal !== null) {
      dropped.push({ transaction, refusal });
      continue;
    }
    transactions.push(transaction);
    room -= size;
  }
  return { transactions, dropped };
}

function applyNext(draft: Draft, transaction: Transaction, checks: Checks): Refusal | null {
  const ground: Ground = { state: draft.state, at: draft.at, checks };
  const refusal = checkTransaction(transaction, ground);
  if (refusal === null) applyTransaction(draft, transaction);
  return refusal;
}

const nextCommitteeHashOf = ({ nextCommittee }: State): Header["nextCommitteeHash"] =>
  nextCommittee && committeeHash(nextCommittee);

/** The new head: time, beacon, and who proposed. Null if the proposer's beacon proof is wrong. */
function openBlock(
  state: State,
  header: Pick<Header, "height" | "time" | "activeTime" | "proposer" | "beaconProof" | "parent">,
  checks: Checks,
): Draft | null {
  const { height, time, activeTime, proposer, beaconProof, parent } = header;
  const seat = state.committee.seats.findIndex((one) => one.node === proposer);
  const vrfKey = state.committee.seats[seat]?.vrfKey;
  if (vrfKey === undefined || beaconProof === null) return null;
  const proof = { vrfKey, proof: beaconProof, verify: checks.verifyBeacon };
  const beacon = nextBeacon(state.head, proof);
  if (beacon === null) return null;
  const draft = new Draft(state, { height, time, activeTime });
  const lastProposed = state.head.lastProposed.with(seat, height);
  draft.put("head", { ...state.head, height, time, activeTime, beacon, lastProposed });
  draft.put("recentBlock", { height: height - 1, hash: parent });
  return draft;
}

const applied = (draft: Draft, block: Block): AppliedBlock => ({
  ok: true,
  block,
  state: draft.state,
  changes: draft.changes(),
  events: draft.events,
  whys: draft.whys,
});

const invalid = (...refusal: Parameters<typeof refuseBlock>): InvalidBlock => ({
  ok: false,
  refusal: refuseBlock(...refusal),
});
