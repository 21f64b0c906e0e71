import { digestOf } from "@meshwork/crypto";
import {
  type ChainId,
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

/** The file that makes a network; its hash is the network's name. */
export const genesis = wire(
  z.strictObject({
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
  }),
  { name: "genesis", maxBytes: 1 << 20 },
);
export type Genesis = z.infer<typeof genesis.schema>;

export const chainIdOf = (value: Genesis): ChainId =>
  digestOf("meshwork/genesis/1", genesis.encode(value)) as string as ChainId;

/** The first committee's vote keys by seat. */
export const genesisVoteKeys = (value: Genesis): PublicKey[] =>
  value.members
    .flatMap((member) => (member.vote === null ? [] : [member.vote.voteKey]))
    .slice(0, limits.committeeSeats);
