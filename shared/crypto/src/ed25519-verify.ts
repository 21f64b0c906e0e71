import { fromHex, type Key25519, type TransportSignature } from "@meshwork/foundation";
import { ed25519 } from "@noble/curves/ed25519.js";

const KEY = /^[0-9a-f]{64}$/;
const SIGNATURE = /^[0-9a-f]{128}$/;

/**
 * Ed25519 by the strict rule: canonical points, s < q, no key of small order (such a key would
 * verify anything). Implementations differ at these edges, and a countersignature decides what the
 * ledger accepts: hence one implementation for Node and browsers alike, not each machine's OpenSSL.
 * False on anything malformed; nothing throws.
 */
export function ed25519Verify(
  publicKey: Key25519,
  message: Uint8Array,
  signature: TransportSignature,
): boolean {
  if (!KEY.test(publicKey) || !SIGNATURE.test(signature)) return false;
  return ed25519.verify(fromHex(signature), message, fromHex(publicKey), { zip215: false });
}
