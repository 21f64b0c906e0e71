import type { NodeId } from "@meshwork/foundation";
import {
  type Block,
  committeeHash,
  type Header,
  headerHash,
  lastCommitHashOf,
  voteKeysOf,
} from "@meshwork/protocol";
import { activeTimeAt } from "./active-time.ts";
import { owedAt } from "./demand.ts";
import { earliestTime } from "./pass-epoch.ts";
import { isProtocolKnown } from "./protocol-version.ts";
import type { State } from "./state.ts";
import type { Checks } from "./transactions/rule.ts";

/** Why a block is not one of this chain. */
export interface BlockRefusal {
  code:
    | "UNKNOWN_PROTOCOL"
    | "WRONG_CHAIN"
    | "WRONG_EPOCH"
    | "WRONG_PARENT"
    | "TIME_NOT_AFTER_PARENT"
    | "TOO_SOON"
    | "WRONG_ACTIVE_TIME"
    | "WRONG_PROPOSER"
    | "WRONG_COMMITTEE"
    | "WRONG_LAST_COMMIT"
    | "NOT_OWED"
    | "BAD_BEACON_PROOF"
    | "TRANSACTION_REFUSED"
    | "WRONG_TRANSACTION_ROOT"
    | "WRONG_STATE_ROOT";
  reason: string;
}

export const refuseBlock = (code: BlockRefusal["code"], reason: string): BlockRefusal => ({
  code,
  reason,
});

interface HeaderGround {
  state: State;
  parent: Header;
  leader: NodeId;
  checks: Checks;
}

/** All that can be said against a block without running it. */
export function checkHeader(ground: HeaderGround, block: Block): BlockRefusal | null {
  return (
    checkProtocol(ground) ??
    checkPlace(ground, block.header) ??
    checkTime(ground, block) ??
    checkCommittee(ground, block.header) ??
    checkLastCommit(ground, block)
  );
}

function checkProtocol({ state }: HeaderGround): BlockRefusal | null {
  return isProtocolKnown(state)
    ? null
    : refuseBlock(
        "UNKNOWN_PROTOCOL",
        `the network runs by version ${state.protocolVersion} of the rules: install newer software`,
      );
}

function checkPlace({ parent, leader }: HeaderGround, header: Header): BlockRefusal | null {
  if (header.chainId !== parent.chainId)
    return refuseBlock("WRONG_CHAIN", `the block is of ${header.chainId}, not ${parent.chainId}`);
  if (header.height !== parent.height + 1 || header.parent !== headerHash(parent))
    return refuseBlock(
      "WRONG_PARENT",
      `block ${header.height} follows ${header.parent}; our head is ${parent.height}`,
    );
  if (header.proposer !== leader)
    return refuseBlock(
      "WRONG_PROPOSER",
      `${header.proposer} proposed view ${header.view}, which ${leader} leads`,
    );
  return null;
}

function checkTime(
  { state, parent }: HeaderGround,
  { header, transactions }: Block,
): BlockRefusal | null {
  if (header.time <= parent.time)
    return refuseBlock("TIME_NOT_AFTER_PARENT", `${header.time} is not after ${parent.time}`);
  const earliest = earliestTime(state);
  if (header.time < earliest)
    return refuseBlock(
      "TOO_SOON",
      `${header.time} is before ${earliest}: this epoch's end is paced`,
    );
  const activeTime = activeTimeAt(state.head, header.time);
  if (header.activeTime !== activeTime)
    return refuseBlock("WRONG_ACTIVE_TIME", `it is ${activeTime}, not ${header.activeTime}`);
  // An idle network must not burn messages: an empty block needs a reason.
  if (transactions.length === 0 && header.view === 0 && !owedAt(state, header.time))
    return refuseBlock("NOT_OWED", "the block is empty, and nothing was due at its time");
  return null;
}

function checkCommittee({ state }: HeaderGround, header: Header): BlockRefusal | null {
  const { committee } = state;
  if (header.epoch !== committee.epoch)
    return refuseBlock("WRONG_EPOCH", `this is epoch ${committee.epoch}, not ${header.epoch}`);
  if (header.committeeHash !== committeeHash(committee))
    return refuseBlock("WRONG_COMMITTEE", "the header names another committee");
  return null;
}

/** The parent's certificate as its proposer held it. Its signers differ from node to node, so nothing hangs on them. */
function checkLastCommit(
  { state, parent, checks }: HeaderGround,
  { header, lastCommit }: Block,
): BlockRefusal | null {
  const no = (reason: string) => refuseBlock("WRONG_LAST_COMMIT", reason);
  if (header.lastCommitHash !== lastCommitHashOf(lastCommit))
    return no("the header names another certificate of the parent");
  // Only a genesis, of a new network or upon the state of a lost one, was proposed by nobody.
  if (parent.beaconProof === null)
    return lastCommit === null ? null : no("the genesis has no certificate");
  if (lastCommit === null) return no(`the certificate of block ${parent.height} is missing`);
  const { kind, height, epoch, view, blockHash } = lastCommit.ballot;
  const fits =
    kind === "F" && height === parent.height && epoch === parent.epoch && view >= parent.view;
  if (!fits || blockHash !== header.parent) return no("the certificate is not of the parent");
  const committee = state.committeeOf(parent.epoch);
  return committee && checks.verifyCertificate(parent.chainId, voteKeysOf(committee), lastCommit)
    ? null
    : no("the certificate of the parent is not signed by a quorum");
}
