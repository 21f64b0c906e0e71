import { concat, type Digest, utf8 } from "@meshwork/foundation";
import { sm3, sm3Hex } from "#sm3";

/**
 * What a digest or a signature is about. A signature made in one domain means nothing in another,
 * so that nobody can be shown to have said what he signed for another purpose. The number is the
 * format's version: change the bytes under a domain, change its number.
 */
export type Domain =
  /** A network's first state: its digest is the chainId. */
  | "meshwork/genesis/1"
  /** A block header: its digest is the block's hash. */
  | "meshwork/header/1"
  /** A vote of a committee seat, by its vote key. */
  | "meshwork/vote/1"
  /** An unsigned transaction body: its digest is the transaction's id, and what its sender signs. */
  | "meshwork/transaction/1"
  /** The certificate of its parent, as a block carries it. */
  | "meshwork/last-commit/1"
  /** A record's key and value in the state, and a leaf and an inner node of the sparse Merkle tree. */
  | "meshwork/state-key/1"
  | "meshwork/state-value/1"
  | "meshwork/state-leaf/1"
  | "meshwork/state-node/1"
  /** The chain of beacons, and what a proposer's VRF proof is over. */
  | "meshwork/beacon/1"
  /** A draw's seed from the beacon: of a task's nodes, of a committee, of an audit. */
  | "meshwork/draw/1"
  /** A task contract with its blind: what the ledger knows of it. */
  | "meshwork/contract/1"
  /** A worker's commitment to a result that he has not shown yet. */
  | "meshwork/commitment/1"
  /** A verifier's commitment to the seed by which he picks segments. */
  | "meshwork/seed/1"
  /** One segment that a verifier has run again. */
  | "meshwork/sample/1"
  /** A leaf and an inner node of a run's trace: one segment each. */
  | "meshwork/trace-leaf/1"
  | "meshwork/trace-node/1"
  /** The one body that the verifiers of a task sign, one verifier's word on it, and all together. */
  | "meshwork/verdict/1"
  | "meshwork/attestation/1"
  | "meshwork/proof-of-task/1"
  /** A node's own record: addresses, roles, transport key; also countersigned by that key. */
  | "meshwork/node-record/1"
  /** The hello that opens a connection. */
  | "meshwork/hello/1"
  /** A message between two nodes, or the root over a batch of them. */
  | "meshwork/envelope/1"
  /** A voucher's word for a newcomer. */
  | "meshwork/credential/1"
  /** A relay's word on where a node stands. */
  | "meshwork/nearness/1"
  /** The digest of a recovery key, which a registration commits to. */
  | "meshwork/recovery/1"
  /** What the recovery key signs to let a new key in. */
  | "meshwork/rotation/1"
  /** A network that is founded anew upon the state of a lost one. */
  | "meshwork/successor/1"
  /** A requester's leave to place many orders, the nonce of each, and the job that they are for. */
  | "meshwork/mandate/1"
  | "meshwork/slot/1"
  | "meshwork/job/1"
  | "meshwork/job-blind/1"
  /** A checkpoint of a run that is under way. */
  | "meshwork/checkpoint/1"
  /** A signed request or session at the API's door. */
  | "meshwork/request/1";

const prefixes = new Map<Domain, Uint8Array>();

/** The domain's name behind its length: no name is the beginning of another. */
function prefixOf(domain: Domain): Uint8Array {
  const known = prefixes.get(domain);
  if (known) return known;
  const name = utf8(domain);
  const prefix = concat(Uint8Array.of(name.length), name);
  prefixes.set(domain, prefix);
  return prefix;
}

/**
 * SM3(length ‖ domain ‖ (length ‖ part)…): two different lists of parts, or two domains, never
 * hash the same bytes. Lengths are one byte for the domain and four, big-endian, for a part.
 */
export const digestBytesOf = (domain: Domain, ...parts: readonly Uint8Array[]): Uint8Array =>
  sm3(preimageOf(domain, parts));

/** The same as an id. */
export const digestOf = (domain: Domain, ...parts: readonly Uint8Array[]): Digest =>
  sm3Hex(preimageOf(domain, parts));

/** Good until the next call. */
function preimageOf(domain: Domain, parts: readonly Uint8Array[]): Uint8Array {
  const prefix = prefixOf(domain);
  const length = parts.reduce((sum, part) => sum + 4 + part.length, prefix.length);
  const preimage = length <= scratch.length ? scratch : new Uint8Array(length);
  preimage.set(prefix);
  let offset = prefix.length;
  for (const part of parts) {
    const size = part.length;
    preimage[offset] = size >>> 24;
    preimage[offset + 1] = size >>> 16;
    preimage[offset + 2] = size >>> 8;
    preimage[offset + 3] = size;
    preimage.set(part, offset + 4);
    offset += 4 + size;
  }
  return preimage.subarray(0, length);
}

/** Most preimages are short, and memory for each costs as much as to hash it: a block's state root asks for thousands. */
const scratch = new Uint8Array(1_024);
