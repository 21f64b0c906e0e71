import {
  BoundedMap,
  concat,
  fromHex,
  limits,
  type NodeId,
  type PublicKey,
} from "@meshwork/foundation";
import { varint } from "multiformats";
import { base58btc } from "multiformats/bases/base58";
import { sm3 } from "#sm3";

/** Codes of the multicodec table. */
const SM2_PUB = 0x1206;
const SM3_256 = 0x534d;

/**
 * The name for life of whoever registers with this key as his first:
 * base58btc(multihash sm3-256 of (multicodec sm2-pub ‖ compressed key)), without a multibase prefix,
 * as libp2p writes its PeerIds.
 */
export function nodeIdOf(publicKey: PublicKey): NodeId {
  const known = names.get(publicKey);
  if (known !== undefined) return known;
  const digest = sm3(multicodecKey(publicKey));
  const multihash = concat(code(SM3_256), code(digest.length), digest);
  const name = base58btc.encoder.baseEncode(multihash) as NodeId;
  names.set(publicKey, name);
  return name;
}

/** Who registers is asked for his name as often as his transaction is looked at. */
const names = new BoundedMap<PublicKey, NodeId>(limits.importedPublicKeys);

/** The same key in the form that the W3C's did:key method asks for. */
export function didKeyOf(publicKey: PublicKey): string {
  return `did:key:${base58btc.encode(multicodecKey(publicKey))}`;
}

function multicodecKey(publicKey: PublicKey): Uint8Array {
  return concat(code(SM2_PUB), fromHex(publicKey));
}

function code(value: number): Uint8Array {
  return varint.encodeTo(value, new Uint8Array(varint.encodingLength(value)));
}
