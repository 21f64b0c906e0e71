import type { PublicKey, Signature } from "@meshwork/foundation";

/**
 * The standard signer ID (GM/T 0009-2012, 10) that everybody's SM2 assumes unless told otherwise;
 * ours too, so that `openssl` and any other library can check what a node signed.
 */
export const SIGNER_ID = "1234567812345678";

/**
 * What `#sm2` offers everywhere: from `sm2.ts` (Node, OpenSSL) and from `sm2-portable.ts` (browsers).
 *
 * True if and only if `signature` is one of `message` by `publicKey` under the standard signer ID.
 * The key must be the one compressed form of a point on the curve, the signature 128 lower-case
 * hex digits with 1 ≤ r, s < n. Anything else is false; nothing throws.
 */
export type Verify = (publicKey: PublicKey, message: Uint8Array, signature: Signature) => boolean;
