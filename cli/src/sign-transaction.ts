import type { KeyPair } from "@meshwork/crypto";
import {
  type ChainId,
  type Clock,
  limits,
  type NodeId,
  type Random,
  systemClock,
  systemRandom,
} from "@meshwork/foundation";
import { signTransaction, type Transaction, type TransactionBody } from "@meshwork/protocol";

interface Signer {
  chainId: ChainId;
  sender: NodeId;
  keyPair: KeyPair;
  clock?: Clock;
  random?: Random;
}

/** @param bodyFor is given the nonce, for bodies in which another key signs it too. */
export function signedBy(
  { chainId, sender, keyPair, clock = systemClock, random = systemRandom }: Signer,
  bodyFor: (nonce: bigint) => TransactionBody,
): Transaction {
  const nonce = new DataView(random.bytes(8).buffer).getBigUint64(0);
  const notAfter = clock.now() + limits.transactionLifetimeMs / 2;
  return signTransaction(keyPair, { chainId, sender, nonce, notAfter, body: bodyFor(nonce) });
}
