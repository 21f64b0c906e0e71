import { z } from "zod";

/**
 * Hashes and ids live in memory as lower-case hex and travel as raw bytes: `protocol/canonical`
 * reads the width from this registry. Text is what maps, logs and JSON want; bytes are what a
 * signature covers.
 */
export const wireBytes = z.registry<{ length: number }>();

const hexBytes = (length: number) => {
  const schema = z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${2 * length}}$`), `${length} bytes of lower-case hex`);
  wireBytes.add(schema, { length });
  return schema;
};

/** SM3 of a genesis: names the network in everything that is signed. */
export const chainId = hexBytes(32).brand<"ChainId">();
export type ChainId = z.infer<typeof chainId>;

/** SM3 of a block header. */
export const blockHash = hexBytes(32).brand<"BlockHash">();
export type BlockHash = z.infer<typeof blockHash>;

/** SM3 of an unsigned canonical transaction body. */
export const transactionId = hexBytes(32).brand<"TransactionId">();
export type TransactionId = z.infer<typeof transactionId>;

/** A task is named by the transaction that ordered it. */
export const orderId = hexBytes(32).brand<"OrderId">();
export type OrderId = z.infer<typeof orderId>;

/** Any other 32-byte digest. */
export const digest = hexBytes(32).brand<"Digest">();
export type Digest = z.infer<typeof digest>;

/** A compressed SM2 point: sign byte and x. */
export const publicKey = hexBytes(33).brand<"PublicKey">();
export type PublicKey = z.infer<typeof publicKey>;

/** SM2 r ‖ s. */
export const signature = hexBytes(64).brand<"Signature">();
export type Signature = z.infer<typeof signature>;

/** An Ed25519 (transport, VRF) or X25519 (sealing) public key. */
export const key25519 = hexBytes(32).brand<"Key25519">();
export type Key25519 = z.infer<typeof key25519>;

/** An ECVRF-EDWARDS25519-SHA512 proof (RFC 9381): Gamma ‖ c ‖ s. */
export const vrfProof = hexBytes(80).brand<"VrfProof">();
export type VrfProof = z.infer<typeof vrfProof>;

/** An Ed25519 signature (the transport key's countersignature). */
export const transportSignature = hexBytes(64).brand<"TransportSignature">();
export type TransportSignature = z.infer<typeof transportSignature>;

/**
 * base58btc(multihash sm3-256 of the multicodec `sm2-pub` key): the name of a node, and of every
 * other account, for life. `crypto` derives it.
 */
export const nodeId = z
  .string()
  .regex(/^[1-9A-HJ-NP-Za-km-z]{40,60}$/, "a base58btc NodeId")
  .brand<"NodeId">();
export type NodeId = z.infer<typeof nodeId>;

/** A libp2p PeerId in its text form: a transport address, never an identity. */
export const peerId = z
  .string()
  .regex(/^[1-9A-HJ-NP-Za-km-z]{40,60}$/, "a libp2p PeerId")
  .brand<"PeerId">();
export type PeerId = z.infer<typeof peerId>;

/** CIDv1, raw codec, sha2-256, base32: names content so that IPFS gateways can pin it too. */
export const contentId = z
  .string()
  .regex(/^bafkrei[a-z2-7]{52}$/, "a CIDv1 (raw, sha2-256, base32)")
  .brand<"ContentId">();
export type ContentId = z.infer<typeof contentId>;

/**
 * CIDv1, dag-pb, sha2-256, base32: the root of a tree over the chunks of content that is too large for one
 * object. IPFS gives the same bytes the same name. `storage/file-tree` derives it.
 */
export const fileId = z
  .string()
  .regex(/^bafybei[a-z2-7]{52}$/, "a CIDv1 (dag-pb, sha2-256, base32)")
  .brand<"FileId">();
export type FileId = z.infer<typeof fileId>;

/** Points are whole and never negative; they travel as integers and appear in JSON as decimal text. */
export const points = z
  .bigint()
  .min(0n)
  .max(2n ** 63n - 1n)
  .brand<"Points">();
export type Points = z.infer<typeof points>;

/** Wasm fuel: what the metering instrumenter counts. */
export const fuel = z
  .bigint()
  .min(0n)
  .max(2n ** 63n - 1n)
  .brand<"Fuel">();
export type Fuel = z.infer<typeof fuel>;

/** Milliseconds since the Unix epoch, or of active time. */
export const milliseconds = z
  .int()
  .min(0)
  .max(2 ** 52);
