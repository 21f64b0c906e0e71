import { digestOf, type KeyPair, sign, verify } from "@meshwork/crypto";
import {
  type ChainId,
  type Digest,
  digest,
  fromHex,
  limits,
  type NodeId,
  nodeId,
  type OrderId,
  type PublicKey,
  signature,
  utf8,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { type Verdict, verdictHash, verdictSchema } from "./verdict.ts";

/** ⌊2m/3⌋ + 1 verifiers' signatures over one verdict: what pays, what convicts, what a receipt shows. */

/** One verifier's word: the verdict, his seed, and what he found at the segments that the seed picked. */
export const attestation = z.strictObject({
  verifier: nodeId,
  seed: digest,
  /** Per sampled segment `sampleDigest(verifier, seed, postState)`: cannot be copied, can be checked. */
  samples: z.array(digest).max(64),
  signature,
});
export type Attestation = z.infer<typeof attestation>;

export const proofOfTask = z.strictObject({
  verdict: verdictSchema,
  attestations: z.array(attestation).min(1).max(limits.verifiers),
});
export type ProofOfTask = z.infer<typeof proofOfTask>;
export const proofOfTaskWire = wire(proofOfTask, { name: "Proof-of-Task", maxBytes: 65_536 });

export const proofQuorum = (verifiers: number): number => Math.floor((2 * verifiers) / 3) + 1;

export const proofHash = (value: ProofOfTask): Digest =>
  digestOf("meshwork/proof-of-task/1", proofOfTaskWire.encode(value));

/** Whose seed it is, and of what: a commitment or a seed that is copied opens nothing. */
export interface SeedOf {
  chainId: ChainId;
  orderId: OrderId;
  attempt: number;
  verifier: NodeId;
}

export const seedCommitmentOf = (
  { chainId, orderId, attempt, verifier }: SeedOf,
  seed: Digest,
): Digest =>
  digestOf(
    "meshwork/seed/1",
    fromHex(chainId),
    fromHex(orderId),
    Uint8Array.of(attempt),
    utf8(verifier),
    fromHex(seed),
  );

/** @param postStateHash sha-256 of the state after the sampled step, as the verifier computed it. */
export const sampleDigest = (verifier: PublicKey, seed: Digest, postStateHash: Digest): Digest =>
  digestOf("meshwork/sample/1", fromHex(verifier), fromHex(seed), fromHex(postStateHash));

const attestedBytes = (body: Verdict, seed: Digest, samples: readonly Digest[]): Uint8Array =>
  fromHex(
    digestOf(
      "meshwork/attestation/1",
      fromHex(verdictHash(body)),
      fromHex(seed),
      ...samples.map(fromHex),
    ),
  );

export function signAttestation(
  signer: { verifier: NodeId; keyPair: KeyPair },
  body: Verdict,
  shown: { seed: Digest; samples: Digest[] },
): Attestation {
  const bytes = attestedBytes(body, shown.seed, shown.samples);
  return { verifier: signer.verifier, ...shown, signature: sign(signer.keyPair, bytes) };
}

export const verifyAttestation = (key: PublicKey, body: Verdict, value: Attestation): boolean =>
  verify(key, attestedBytes(body, value.seed, value.samples), value.signature);
