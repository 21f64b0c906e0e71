import { digestOf, type KeyPair, sign, verify } from "@meshwork/crypto";
import {
  chainId,
  fromHex,
  key25519,
  limits,
  milliseconds,
  nodeId,
  type PublicKey,
  peerId,
  publicKey,
  signature,
  transportSignature,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";

/** What a node says of itself; the signatures bind its SM2 identity to its libp2p PeerId, both ways. */
export const nodeRole = z.enum(["relay", "worker", "validator", "gateway", "archiver"]);
export type NodeRole = z.infer<typeof nodeRole>;

const unsigned = z.strictObject({
  chainId,
  nodeId,
  /** The identity's current key. */
  publicKey,
  peerId,
  transportKey: key25519,
  /** Which derivation of the transport key this is; the ledger knows the number in force. */
  keyVersion: z.int().min(0).max(65_535),
  roles: z.array(nodeRole).max(5),
  region: z.string().max(32),
  /** Multiaddrs, best first. Hints: a connection proves itself by its PeerId. */
  addresses: z.array(z.string().max(256)).max(16),
  /** X25519: secrets for this node are sealed to it. */
  sealKey: key25519,
  software: z.string().max(64),
  /** Grows with each record; an older one is refused. Milliseconds at signing serve. */
  seq: z
    .int()
    .min(0)
    .max(2 ** 52),
  expiry: milliseconds,
});
export const unsignedNodeRecord = wire(unsigned, { name: "node record body", maxBytes: 6_144 });
export type UnsignedNodeRecord = z.infer<typeof unsigned>;

export const nodeRecord = wire(
  z.strictObject({
    unsigned,
    /** By the SM2 key, over `digestOf("meshwork/node-record/1", unsigned)`. */
    signature,
    /** By the Ed25519 transport key, over the same: nobody can claim another's PeerId. */
    countersignature: transportSignature,
  }),
  { name: "node record", maxBytes: 8_192 },
);
export type NodeRecord = z.infer<typeof nodeRecord.schema>;

export const nodeRecordMessage = (value: UnsignedNodeRecord): Uint8Array =>
  fromHex(digestOf("meshwork/node-record/1", unsignedNodeRecord.encode(value)));

export const signNodeRecord = (
  keyPair: KeyPair,
  countersign: (message: Uint8Array) => NodeRecord["countersignature"],
  value: UnsignedNodeRecord,
): NodeRecord => {
  const message = nodeRecordMessage(value);
  return {
    unsigned: value,
    signature: sign(keyPair, message),
    countersignature: countersign(message),
  };
};

export const verifyNodeRecordSignature = (key: PublicKey, record: NodeRecord): boolean =>
  verify(key, nodeRecordMessage(record.unsigned), record.signature);

/** A record lives a day at most, so that a stolen transport key or a dead address is soon forgotten. */
export const expiryFor = (now: number): number => now + limits.nodeRecordLifetimeMs;
