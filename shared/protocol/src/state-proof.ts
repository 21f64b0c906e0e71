import { digestOf } from "@meshwork/crypto";
import { type Digest, digest, fromHex, utf8 } from "@meshwork/foundation";
import { z } from "zod";

/**
 * A compact sparse Merkle tree over SM3 (the shape of Lisk LIP-39 and Jellyfish): a subtree with one
 * leaf is that leaf, an empty one is 32 zero bytes. A key's path is its bits from the most
 * significant. `ledger/state-tree` keeps the tree; this is what a stranger needs to check a path.
 */
export const EMPTY_SUBTREE = "0".repeat(64) as Digest;

/** Kinds of state records; a record's key cannot collide with one of another kind. */
export const stateKind = z.enum([
  "account",
  "node",
  "task",
  "nonce",
  "voucher",
  "chain",
  "contribution",
  "stance",
  "index",
]);
export type StateKind = z.infer<typeof stateKind>;

export const stateKey = (kind: StateKind, id: string): Digest =>
  digestOf("meshwork/state-key/1", utf8(kind), utf8(id));

export const stateValueHash = (value: Uint8Array): Digest =>
  digestOf("meshwork/state-value/1", value);

export const stateLeafHash = (key: Digest, valueHash: Digest): Digest =>
  digestOf("meshwork/state-leaf/1", fromHex(key), fromHex(valueHash));

export const stateBranchHash = (left: Digest, right: Digest): Digest =>
  digestOf("meshwork/state-node/1", fromHex(left), fromHex(right));

/** The siblings from the root downward. For absence: what stands in the key's place instead. */
export const stateProof = z.strictObject({
  siblings: z.array(digest).max(256),
  /** Another leaf at the end of the path proves absence; null with no value proves an empty subtree. */
  other: z.strictObject({ key: digest, valueHash: digest }).nullable(),
});
export type StateProof = z.infer<typeof stateProof>;

export const keyBit = (key: Digest, depth: number): 0 | 1 => {
  const nibble = Number.parseInt(key.charAt(depth >> 2), 16);
  return ((nibble >> (3 - (depth & 3))) & 1) as 0 | 1;
};

/** @param value the record's bytes, or null to check that there is none under `key`. */
export function verifyStateProof(
  root: Digest,
  key: Digest,
  value: Uint8Array | null,
  proof: StateProof,
): boolean {
  const start = startOf(key, value, proof);
  if (start === null) return false;
  let hash = start;
  for (let depth = proof.siblings.length - 1; depth >= 0; depth--) {
    const sibling = proof.siblings[depth] as Digest;
    hash =
      keyBit(key, depth) === 0 ? stateBranchHash(hash, sibling) : stateBranchHash(sibling, hash);
  }
  return hash === root;
}

function startOf(
  key: Digest,
  value: Uint8Array | null,
  { siblings, other }: StateProof,
): Digest | null {
  if (value !== null) return other === null ? stateLeafHash(key, stateValueHash(value)) : null;
  if (other === null) return EMPTY_SUBTREE;
  const sharesPath = siblings.every((_, depth) => keyBit(key, depth) === keyBit(other.key, depth));
  return sharesPath && other.key !== key ? stateLeafHash(other.key, other.valueHash) : null;
}
