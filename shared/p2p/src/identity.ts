import { publicKeyFromRaw } from "@libp2p/crypto/keys";
import { peerIdFromPublicKey } from "@libp2p/peer-id";
import {
  deriveTransportSeed,
  type Ed25519KeyPair,
  ed25519KeyPair,
  ed25519Sign,
  type KeyPair,
  nodeIdOf,
  secretOf,
} from "@meshwork/crypto";
import {
  type ChainId,
  type Clock,
  fromHex,
  type Key25519,
  type NodeId,
  type PeerId,
} from "@meshwork/foundation";
import { expiryFor, type NodeRecord, type NodeRole, signNodeRecord } from "@meshwork/protocol";

/** Who this node is, on every road: its SM2 key, and the transport key that derives from it. */
export interface Identity {
  readonly chainId: ChainId;
  readonly nodeId: NodeId;
  readonly peerId: PeerId;
  readonly keyPair: KeyPair;
  /** What `createHost` makes the libp2p key of. */
  readonly transportSeed: Uint8Array;
  /** A fresh record that says where this node is to be found. */
  recordAt(addresses: readonly string[]): NodeRecord;
}

export interface IdentityOptions {
  chainId: ChainId;
  keyPair: KeyPair;
  /** Which derivation of the transport key is in force on the ledger. @default 0 */
  keyVersion?: number;
  /** @default derived from the key: right until the first rotation */
  nodeId?: NodeId;
  roles: readonly NodeRole[];
  region: string;
  /** X25519 key to which secrets for this node are sealed. */
  sealKey: Key25519;
  /** Name and version, for those who debug the network. */
  software: string;
}

export function createIdentity(parts: { clock: Clock }, options: IdentityOptions): Identity {
  const { chainId, keyPair, keyVersion = 0, roles, region, sealKey, software } = options;
  const nodeId = options.nodeId ?? nodeIdOf(keyPair.publicKey);
  const transportSeed = deriveTransportSeed(secretOf(keyPair), keyVersion);
  const transport: Ed25519KeyPair = ed25519KeyPair(transportSeed);
  const peerId = peerIdOf(transport.publicKey);
  let lastSeq = 0;
  return {
    chainId,
    nodeId,
    peerId,
    keyPair,
    transportSeed,
    recordAt(addresses) {
      const now = parts.clock.now();
      lastSeq = Math.max(now, lastSeq + 1);
      const unsigned: NodeRecord["unsigned"] = {
        chainId,
        nodeId,
        publicKey: keyPair.publicKey,
        peerId,
        transportKey: transport.publicKey,
        keyVersion,
        roles: [...roles],
        region,
        addresses: addresses.slice(0, 16),
        sealKey,
        software,
        seq: lastSeq,
        expiry: expiryFor(now),
      };
      return signNodeRecord(keyPair, (message) => ed25519Sign(transport, message), unsigned);
    },
  };
}

/** The libp2p name of an Ed25519 key. */
export function peerIdOf(transportKey: Key25519): PeerId {
  const key = publicKeyFromRaw(fromHex(transportKey));
  return peerIdFromPublicKey(key).toString() as PeerId;
}
