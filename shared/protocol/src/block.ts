import { digestOf } from "@meshwork/crypto";
import {
  type BlockHash,
  blockHash,
  chainId,
  type Digest,
  digest,
  limits,
  milliseconds,
  nodeId,
  vrfProof,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { type Certificate, certificate, certificateSchema } from "./certificate.ts";
import { merkleRoot } from "./merkle.ts";
import { onceAValue } from "./once-a-value.ts";
import { type Transaction, transactionBytes, transactionSchema } from "./transaction.ts";

export const headerSchema = z.strictObject({
  version: z.literal(1),
  chainId,
  epoch: z.int().min(0),
  height: z
    .int()
    .min(0)
    .max(2 ** 48),
  /** The view in which the block was first proposed; a re-proposal keeps it. */
  view: z.int().min(0),
  parent: blockHash,
  /** The proposer's clock; above the parent's. */
  time: milliseconds,
  /** The time that rules run on: grows by at most 60 s a block, so a network that slept expires nobody. */
  activeTime: milliseconds,
  proposer: nodeId,
  /** The proposer's ECVRF proof over (chainId ‖ height ‖ previous beacon); null only in the genesis. */
  beaconProof: vrfProof.nullable(),
  transactionRoot: digest,
  /** After this block: one certificate proves state. */
  stateRoot: digest,
  committeeHash: digest,
  nextCommitteeHash: digest.nullable(),
  lastCommitHash: digest,
});
export const header = wire(headerSchema, { name: "header", maxBytes: 2_048, keepsBytes: true });
export type Header = z.infer<typeof headerSchema>;

export const blockSchema = z.strictObject({
  header: headerSchema,
  transactions: z.array(transactionSchema).max(limits.transactionsPerBlock),
  /** The F-certificate of the parent, as its proposer held it; null above the genesis. */
  lastCommit: certificateSchema.nullable(),
});
export const block = wire(blockSchema, { name: "block", maxBytes: limits.blockBytes });
export type Block = z.infer<typeof blockSchema>;

export const headerHash = onceAValue(
  (value: Header) => digestOf("meshwork/header/1", header.bytesOf(value)) as string as BlockHash,
);

export const transactionRootOf = (transactions: readonly Transaction[]): Digest =>
  merkleRoot(transactions.map(transactionBytes));

export const lastCommitHashOf = (value: Block["lastCommit"]): Digest =>
  value === null ? hashOfNone : certificateHash(value);
const hashOfNone = digestOf("meshwork/last-commit/1", new Uint8Array(0));
const certificateHash = onceAValue((value: Certificate) =>
  digestOf("meshwork/last-commit/1", certificate.bytesOf(value)),
);

/** A block with its proof that it is final: what sync, the store and a light client exchange. */
export const finalizedBlock = wire(
  z.strictObject({ block: blockSchema, certificate: certificateSchema }),
  {
    name: "finalized block",
    maxBytes: limits.blockBytes + 16_384,
  },
);
export type FinalizedBlock = z.infer<typeof finalizedBlock.schema>;
