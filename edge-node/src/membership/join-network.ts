import { digestOf, type KeyPair, keyPairFromSecret } from "@meshwork/crypto";
import { type Digest, fromHex, type Key25519, type NodeId } from "@meshwork/foundation";
import { type BodyOf, type Invite, signAdmission } from "@meshwork/protocol";
import type { Chain } from "../chain/store/chain.ts";
import type { TaskLedger } from "../ports.ts";

export interface Newcomer {
  me: NodeId;
  keyPair: KeyPair;
  /** `digestOf("meshwork/recovery/1", recoveryKey)` */
  recoveryHash: Digest;
  transportKey: Key25519;
  keyVersion: number;
}

/** Registers this node if the ledger does not know it yet; the invite's voucher pays for it. */
export async function joinNetwork(
  { chain, ledger }: { chain: Pick<Chain, "head">; ledger: Pick<TaskLedger, "transact"> },
  newcomer: Newcomer,
  { invite, signal }: { invite: Invite | null; signal: AbortSignal },
): Promise<void> {
  const { state } = chain.head;
  if (state.node(newcomer.me) !== undefined) return;
  const { keyPair, recoveryHash, transportKey, keyVersion } = newcomer;
  const needsAccount = state.account(newcomer.me) === undefined;
  const registration: BodyOf<"register"> = {
    kind: "register",
    publicKey: keyPair.publicKey,
    recoveryHash,
    node: { transportKey, keyVersion },
    admission: invite !== null && needsAccount ? admissionBy(invite, keyPair) : null,
  };
  await ledger.transact(registration, signal);
}

const admissionBy = ({ voucher, voucherSecret }: Invite, { publicKey }: KeyPair) => ({
  voucher,
  signature: signAdmission(
    keyPairFromSecret(fromHex(voucherSecret)),
    voucher.body.chainId,
    publicKey,
  ),
});

/** What a recovery key is known by until it is used. */
export const recoveryHashOf = (recoveryKey: KeyPair["publicKey"]): Digest =>
  digestOf("meshwork/recovery/1", fromHex(recoveryKey));
