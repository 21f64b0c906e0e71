import { type KeyPair, nodeIdOf } from "@meshwork/crypto";
import {
  type ChainId,
  type Clock,
  CodedError,
  type Digest,
  type NodeId,
  type OrderId,
  type Random,
} from "@meshwork/foundation";
import { signTransaction, transaction } from "@meshwork/protocol";
import { toBase64 } from "../base64.ts";
import { coded, type Door } from "./door.ts";

interface Revoker {
  door: Door;
  chainId: ChainId;
  keyPair: KeyPair;
  account?: NodeId | undefined;
  clock: Clock;
  random: Random;
}

const LIFETIME_MS = 60_000;

/** The gateway stops placing; what stands on the ledger only its requester can take back, one by one. */
export async function revokeJob(
  parts: Revoker,
  jobId: Digest,
): Promise<{ revoked: OrderId[]; tooLate: OrderId[] }> {
  const state = await coded(parts.door.trpc.jobs.revoke.mutate({ jobId }));
  const all = [...state.parts, ...(state.reduce === null ? [] : [state.reduce])];
  const open = all.filter(({ orderId, stage }) => orderId !== null && stage !== "done");
  const [revoked, tooLate]: [OrderId[], OrderId[]] = [[], []];
  for (const { orderId } of open) {
    const id = orderId as OrderId;
    ((await cancelled(parts, id)) ? revoked : tooLate).push(id);
  }
  return { revoked, tooLate };
}

/** False for an order that is closed, or never reached the ledger: then there is nothing to take back. */
async function cancelled(parts: Revoker, orderId: OrderId): Promise<boolean> {
  const { door, chainId, keyPair, account, clock, random } = parts;
  const signed = signTransaction(keyPair, {
    chainId,
    sender: account ?? nodeIdOf(keyPair.publicKey),
    nonce: new DataView(random.bytes(8).buffer).getBigUint64(0),
    notAfter: clock.now() + LIFETIME_MS,
    body: { kind: "cancel", orderId },
  });
  try {
    const text = toBase64(transaction.encode(signed));
    await coded(door.trpc.accounts.transact.mutate({ transaction: text }));
    return true;
  } catch (error) {
    const isLate =
      error instanceof CodedError &&
      ["WRONG_PHASE", "RESULT_IS_OUT", "UNKNOWN_TASK"].includes(error.code);
    if (isLate) return false;
    throw error;
  }
}
