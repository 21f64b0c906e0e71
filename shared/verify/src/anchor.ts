import type { ChainId, PublicKey } from "@meshwork/foundation";
import {
  type Committee,
  chainIdOf,
  committeeHash,
  firstEpochOf,
  type Genesis,
  genesis,
  genesisVoteKeys,
  type Header,
  isWantedByFounders,
  lastSuccessor,
  type SuccessorGenesis,
  successorChainId,
  voteKeysOf,
} from "@meshwork/protocol";
import { type Refusal, refuse } from "./refusal.ts";

/** What a checker believes beforehand; everything else is proved from it. */
export interface Anchor {
  chainId: ChainId;
  /** The one epoch whose committee is known. */
  epoch: number;
  /** By seat. */
  voteKeys: readonly PublicKey[];
  /** When these keys were known to be in the right hands. Milliseconds since the Unix epoch. */
  time: number;
}

/**
 * Who gives a genesis believes it; its successors count because its founders have signed them.
 * @param source the genesis, or its canonical bytes; throws `WireError` for bytes that are none
 */
export function anchorOf(source: Genesis | Uint8Array): Anchor {
  const value = source instanceof Uint8Array ? genesis.decode(source) : source;
  return {
    chainId: chainIdOf(value),
    epoch: firstEpochOf(value),
    voteKeys: genesisVoteKeys(value),
    time: lastSuccessor(value)?.body.time ?? value.time,
  };
}

/**
 * Of a network that was founded anew after a total loss. It is as old as its signatures, which are those
 * of the recovery keys that the old genesis names.
 */
export function anchorOfSuccessor(
  founders: Genesis,
  successor: SuccessorGenesis,
): Anchor | Refusal {
  if (!isWantedByFounders(founders, successor))
    return refuse("NO_QUORUM", "fewer than two thirds of the founders' recovery keys signed it");
  const { committee, time } = successor.body;
  const chainId = successorChainId(successor.body);
  return { chainId, epoch: committee.epoch, voteKeys: voteKeysOf(committee), time };
}

/** A header that is believed because somebody who is trusted named its hash; and its committee, from anybody. */
export interface Checkpoint {
  header: Header;
  committee: Committee;
}

/** A younger anchor than the genesis. Whoever calls has compared the header's hash with the one that he was told. */
export function anchorOfCheckpoint({ header, committee }: Checkpoint): Anchor | Refusal {
  if (committeeHash(committee) !== header.committeeHash)
    return refuse("WRONG_COMMITTEE", `the checkpoint names the committee ${header.committeeHash}`);
  const { chainId, epoch, time } = header;
  return { chainId, epoch, voteKeys: voteKeysOf(committee), time };
}

/** Milliseconds for which keys are taken to stay in the right hands. */
export const TRUST_PERIOD_MS = 21 * 24 * 3_600_000;

/**
 * `valid_historic`: the anchor is older than the trust period. Keys that were stolen since could have
 * forged what is proved from it; check it against a newer checkpoint.
 */
export type Trust = "valid" | "valid_historic";

/** @param trustPeriodMs @default 21 days */
export const trustIn = (
  anchor: Anchor,
  { now, trustPeriodMs = TRUST_PERIOD_MS }: { now: number; trustPeriodMs?: number | undefined },
): Trust => (now - anchor.time <= trustPeriodMs ? "valid" : "valid_historic");
