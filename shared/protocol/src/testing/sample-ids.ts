import { generateKeyPair, nodeIdOf } from "@meshwork/crypto";
import type {
  ChainId,
  ContentId,
  Digest,
  Fuel,
  Key25519,
  NodeId,
  OrderId,
  Points,
  PublicKey,
  Signature,
} from "@meshwork/foundation";

export const hex = (length: number, fill: number) =>
  fill.toString(16).padStart(2, "0").repeat(length);
export const sampleDigest = (fill: number) => hex(32, fill) as Digest;
export const key = (fill: number) => `02${hex(32, fill)}` as PublicKey;
export const signature = (fill: number) => hex(64, fill) as Signature;
export const key25519 = (fill: number) => hex(32, fill) as Key25519;

export const sampleChain = hex(32, 1) as ChainId;
export const order = hex(32, 2) as OrderId;
export const node = "2EgYp5vRTcPPtzQd6o9NVHw4ZHqeWtz5DwDpgZq9Vn4N3t" as NodeId;
export const content = `bafkrei${"a".repeat(52)}` as ContentId;
export const points = (value: bigint) => value as Points;
export const fuel = (value: bigint) => value as Fuel;

/** A key pair with its NodeId, for tests that need true signatures. */
export const newIdentity = () => {
  const keyPair = generateKeyPair();
  return { keyPair, nodeId: nodeIdOf(keyPair.publicKey) };
};
