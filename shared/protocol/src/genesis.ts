import { digestOf } from "@meshwork/crypto";
import {
  type ChainId,
  CodedError,
  digest,
  key25519,
  limits,
  milliseconds,
  type PublicKey,
  points,
  publicKey,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { runtimeId } from "./contract.ts";
import { networkPolicy } from "./network-policy.ts";
import {
  isWantedByFounders,
  type SuccessorGenesis,
  successorChainId,
  successorGenesis,
} from "./successor-genesis.ts";

/** A node in good standing from the first block on. */
export const genesisMember = z.strictObject({
  publicKey,
  recoveryHash: digest,
  transportKey: key25519,
  keyVersion: z.int().min(0).max(65_535),
  sealKey: key25519,
  region: z.string().regex(/^[a-z0-9-]{1,32}$/),
  runtimes: z.array(runtimeId).max(8),
  capacity: z.int().min(0).max(1_024),
  points,
  /** Clean verdicts that the member is taken to have behind it. */
  standing: z.int().min(0).max(10_000),
  /** A seat in the first committee, in the order of this list. */
  vote: z.strictObject({ voteKey: publicKey, vrfKey: key25519 }).nullable(),
});
export type GenesisMember = z.infer<typeof genesisMember>;

const origin = z.strictObject({
  version: z.literal(1),
  /** Random, so that no two networks share a name. */
  nonce: digest,
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  time: milliseconds,
  policy: networkPolicy,
  members: z.array(genesisMember).min(4).max(1_000),
  /** Funded keys that run no node: the operator's, and requesters'. */
  accounts: z
    .array(
      z.strictObject({
        publicKey,
        points,
        /** Null: the key can be neither replaced nor revoked. */
        recoveryHash: digest.nullable(),
      }),
    )
    .max(1_000),
  /** SM3 of the committed table of reputation quantiles: all nodes must compute alike. */
  reputationTable: digest,
});
const originWire = wire(origin, { name: "first genesis", maxBytes: 1 << 20 });

/** The file that makes a network. */
export const genesis = wire(
  origin.extend({
    /**
     * How the network was founded anew, each time after a total loss: the last of them names it and seats
     * its committee. Each goes on from the one before: see `chainIdOf`.
     */
    successors: z.array(successorGenesis.schema).max(8),
  }),
  { name: "genesis", maxBytes: 1 << 21 },
);
export type Genesis = z.infer<typeof genesis.schema>;

export class GenesisLinkError extends CodedError<"GENESIS_BROKEN_LINK" | "GENESIS_UNWANTED_LINK"> {}

const names = new WeakMap<Genesis, ChainId>();

/**
 * The name of the network that this genesis leads to: its own hash, or that of its last successor. Each
 * successor names its parent, and is signed by the founders: nobody else can lead a genesis on, so whoever
 * has a name by this has what they wanted. Checked once for each value. @throws GenesisLinkError
 */
export function chainIdOf(value: Genesis): ChainId {
  const known = names.get(value);
  if (known !== undefined) return known;
  const first = digestOf("meshwork/genesis/1", originWire.encode(value)) as string;
  const name = value.successors.reduce(
    (parent, successor) => linkedTo(parent, successor, value),
    first as ChainId,
  );
  names.set(value, name);
  return name;
}

function linkedTo(parent: ChainId, successor: SuccessorGenesis, founders: Genesis): ChainId {
  const { parentChainId } = successor.body;
  if (parentChainId !== parent)
    throw new GenesisLinkError(
      "GENESIS_BROKEN_LINK",
      `this genesis goes on from ${parent} by a successor of ${parentChainId}: take the file again from who recovered the network`,
      { detail: { parent, named: parentChainId } },
    );
  if (!isWantedByFounders(founders, successor))
    throw new GenesisLinkError(
      "GENESIS_UNWANTED_LINK",
      `the founders of ${parent} have not signed that this genesis goes on from it: trust nobody who gave you this file`,
      { detail: { parent } },
    );
  return successorChainId(successor.body);
}

/** How the network was founded anew last; null for one that runs from its first genesis. */
export function lastSuccessor(value: Genesis): SuccessorGenesis | null {
  // Throws unless the founders have signed each of them.
  chainIdOf(value);
  return value.successors.at(-1) ?? null;
}

/** Of the committee that this genesis seats: the first that its network can show. */
export const firstEpochOf = (value: Genesis): number =>
  lastSuccessor(value)?.body.committee.epoch ?? 0;

/** By seat, of the committee that this genesis seats first. */
export const genesisVoteKeys = (value: Genesis): PublicKey[] =>
  lastSuccessor(value)?.body.committee.seats.map(({ voteKey }) => voteKey) ??
  value.members
    .flatMap((member) => (member.vote === null ? [] : [member.vote.voteKey]))
    .slice(0, limits.committeeSeats);
