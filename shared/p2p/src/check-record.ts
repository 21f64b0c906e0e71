import { ed25519Verify, nodeIdOf } from "@meshwork/crypto";
import { type ChainId, limits, type NodeId, type PublicKey } from "@meshwork/foundation";
import { type NodeRecord, nodeRecordMessage, verifyNodeRecordSignature } from "@meshwork/protocol";
import type { HelloRefusal } from "./errors.ts";
import { peerIdOf } from "./identity.ts";

/** What the ledger says of other nodes. Wired to it by whoever builds the node. */
export interface Admission {
  /** Whether the ledger lets this node in: under the transport key in force. */
  check(record: NodeRecord): { ok: true } | { refused: string };
  /**
   * The current key of a registered node; undefined for a stranger, whose key must be his first.
   * @param shown what it says its key is: who holds no ledger may have to ask
   */
  keyOf(nodeId: NodeId, shown: PublicKey): PublicKey | undefined;
  /**
   * Whether the ledger has barred this identity for good. It may still learn what is final, and nothing
   * else is said to it.
   */
  isBlacklisted(nodeId: NodeId): boolean;
}

/** Lets everybody in: for networks without a ledger, and tests. */
export const openAdmission: Admission = {
  check: () => ({ ok: true }),
  keyOf: () => undefined,
  isBlacklisted: () => false,
};

/** A node's name is the hash of its first key; once the ledger knows a later one, that alone counts. */
export function isKeyOf(admission: Admission, nodeId: NodeId, key: PublicKey): boolean {
  const current = admission.keyOf(nodeId, key);
  return current === undefined ? nodeIdOf(key) === nodeId : current === key;
}

/** Null for a record that is true now, else why it is not. Cheap checks come first. */
export function checkRecord(
  record: NodeRecord,
  context: { chainId: ChainId; now: number; admission: Admission },
): HelloRefusal | null {
  const { unsigned } = record;
  if (unsigned.chainId !== context.chainId) return "HELLO_OTHER_NETWORK";
  if (unsigned.expiry <= context.now - limits.clockSkewMs) return "HELLO_EXPIRED";
  const latest = context.now + limits.nodeRecordLifetimeMs + limits.clockSkewMs;
  if (unsigned.expiry > latest || unsigned.seq > latest) return "HELLO_TOO_LONG";
  if (peerIdOf(unsigned.transportKey) !== unsigned.peerId) return "HELLO_WRONG_PEER";
  if (!isKeyOf(context.admission, unsigned.nodeId, unsigned.publicKey)) return "HELLO_WRONG_KEY";
  if ("refused" in context.admission.check(record)) return "HELLO_NOT_ADMITTED";
  return isSignedTwice(record) ? null : "HELLO_BAD_SIGNATURE";
}

/** By the SM2 key and by the transport key: neither can be claimed without the other. */
function isSignedTwice(record: NodeRecord): boolean {
  const { publicKey, transportKey } = record.unsigned;
  return (
    verifyNodeRecordSignature(publicKey, record) &&
    ed25519Verify(transportKey, nodeRecordMessage(record.unsigned), record.countersignature)
  );
}
