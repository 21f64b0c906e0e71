import type { ChainId, ContentId, Digest, NodeId, OrderId, PublicKey } from "@meshwork/foundation";
import { limits } from "@meshwork/foundation";
import {
  type Contract,
  contentOf,
  contractHash,
  contract as contractWire,
  type InputRef,
  isFileId,
  type Transaction,
  transactionIdOf,
  transaction as transactionWire,
  verifyTransaction,
  WireError,
} from "@meshwork/protocol";
import { type DoorCode, DoorError } from "./door-error.ts";

/** An order as it arrives: canonical bytes, so that what was signed is what is read. */
export interface RawOrder {
  transaction: Uint8Array;
  contract: Uint8Array;
  blind: Digest;
}

export interface CheckedOrder {
  orderId: OrderId;
  requester: NodeId;
  transaction: Transaction;
  contract: Contract;
  blind: Digest;
}

export interface OrderSurroundings {
  chainId: ChainId;
  /** The node behind this door. */
  gateway: NodeId;
  now: number;
  /** The key in force of an account; throws when there is none. */
  keyOf(account: NodeId): PublicKey;
}

/** Refuses, each with its own code, whatever could never become a task; nothing is stored before. */
export function checkOrder(raw: RawOrder, around: OrderSurroundings): CheckedOrder {
  const transaction = decode(transactionWire, raw.transaction, "TRANSACTION_MALFORMED");
  const contract = decode(contractWire, raw.contract, "CONTRACT_MALFORMED");
  const { unsigned } = transaction;
  const order = orderIn(transaction, around);
  checkLifetime(unsigned.notAfter, around.now);
  if (!verifyTransaction(around.keyOf(unsigned.sender), transaction))
    throw new DoorError(
      "BAD_SIGNATURE",
      `the order's signature is not one by the key of ${unsigned.sender}: sign the transaction's id with it`,
    );
  const hash = contractHash(contract, raw.blind);
  if (hash !== order.contractHash)
    throw new DoorError(
      "CONTRACT_HASH_MISMATCH",
      `the contract and blind hash to ${hash}, but the order names ${order.contractHash}: send those that were signed for`,
    );
  return {
    orderId: transactionIdOf(unsigned) as string as OrderId,
    requester: unsigned.sender,
    transaction,
    contract,
    blind: raw.blind,
  };
}

/** The program, then each input, then what else the contract names. */
const inputsOf = (contract: Contract): InputRef[] => contentOf(contract);

/** What was uploaded as a whole: all but files. */
export const objectsOf = (contract: Contract): ContentId[] =>
  inputsOf(contract).flatMap(({ contentId }) => (isFileId(contentId) ? [] : [contentId]));

/** Null for a file: the node behind the door has it, or says that it has not. */
export function findObjects(
  contract: Contract,
  staged: (id: ContentId) => Uint8Array | null,
): (Uint8Array | null)[] {
  return inputsOf(contract).map(({ contentId, sizeBytes }, i) => {
    if (isFileId(contentId)) return null;
    const what = i === 0 ? "the program" : `input ${i - 1}`;
    const bytes = staged(contentId);
    if (bytes === null)
      throw new DoorError(
        "OBJECT_MISSING",
        `${what} (${contentId}) is not here: PUT it to /objects/${contentId}, then submit again`,
        { detail: { contentId } },
      );
    if (bytes.length !== sizeBytes)
      throw new DoorError(
        "OBJECT_HASH_MISMATCH",
        `${what} (${contentId}) has ${bytes.length} bytes, but the contract says ${sizeBytes}: correct the contract`,
        { detail: { contentId, found: bytes.length, stated: sizeBytes } },
      );
    return bytes;
  });
}

function orderIn({ unsigned }: Transaction, { chainId, gateway }: OrderSurroundings) {
  if (unsigned.chainId !== chainId)
    throw new DoorError(
      "ORDER_WRONG_NETWORK",
      `the order is signed for network ${unsigned.chainId}, this is ${chainId}: sign it for this one`,
    );
  if (unsigned.body.kind !== "submit")
    throw new DoorError(
      "ORDER_NOT_A_SUBMIT",
      `an order is a transaction of kind submit, not ${unsigned.body.kind}`,
    );
  const { order } = unsigned.body;
  if (order.gateway === gateway) return order;
  throw new DoorError(
    "ORDER_WRONG_GATEWAY",
    `the order names gateway ${order.gateway}, this is ${gateway}: submit it there, or sign it for this one`,
    { detail: { named: order.gateway, gateway } },
  );
}

export function checkLifetime(notAfter: number, now: number): void {
  if (notAfter <= now)
    throw new DoorError(
      "ORDER_EXPIRED",
      `the order was valid until ${notAfter}, here it is ${now}: sign a new one`,
      { detail: { notAfter, now } },
    );
  const latest = now + limits.transactionLifetimeMs + limits.clockSkewMs;
  if (notAfter > latest)
    throw new DoorError(
      "ORDER_TOO_LONG_LIVED",
      `the order is valid until ${notAfter}, at most ${latest} is accepted: sign a shorter one`,
      { detail: { notAfter, latest } },
    );
}

function decode<T>(wire: { decode(bytes: Uint8Array): T }, bytes: Uint8Array, code: DoorCode): T {
  try {
    return wire.decode(bytes);
  } catch (cause) {
    if (cause instanceof WireError) throw new DoorError(code, cause.message, { cause });
    throw cause;
  }
}
