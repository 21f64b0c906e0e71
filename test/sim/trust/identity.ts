import { keyPairFromSecret, nodeIdOf, sm3 } from "@meshwork/crypto";
import { type Digest, type NodeId, type PublicKey, toHex, utf8 } from "@meshwork/foundation";

/** Bytes that a name decides: the same in every run. */
export const seededDigest = (name: string): Digest => toHex(sm3(utf8(name))) as Digest;

export interface Identity {
  name: string;
  nodeId: NodeId;
  publicKey: PublicKey;
}

const known = new Map<string, Identity>();

/** A real key, since the ledger admits nothing else; it signs nothing. Made once: it takes a millisecond. */
export function identity(name: string): Identity {
  const { publicKey } = known.get(name) ?? keyPairFromSecret(sm3(utf8(`trust/${name}`)));
  const made = known.get(name) ?? { name, publicKey, nodeId: nodeIdOf(publicKey) };
  known.set(name, made);
  return made;
}
