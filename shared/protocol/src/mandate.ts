import { digestBytesOf, digestOf, type KeyPair, sign, verify } from "@meshwork/crypto";
import {
  chainId,
  type Digest,
  digest,
  fromHex,
  limits,
  milliseconds,
  nodeId,
  type PublicKey,
  type Signature,
  uint64,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { type TaskOrder, taskOrder } from "./task-order.ts";

/**
 * One signature for many orders: the requester lets his gateway place up to `orders` of them, all alike
 * but for what they compute. Each has a number, a slot, and the ledger takes each slot once: so the most
 * that a mandate can cost is known when it is signed, whatever the gateway does.
 */
export const mandateSchema = z.strictObject({
  chainId,
  requester: nodeId,
  /** SM3 of the job that the orders are for: see `job.ts`. The ledger learns nothing else of it. */
  jobHash: digest,
  orders: z.int().min(1).max(limits.jobOrders),
  order: taskOrder.omit({ contractHash: true }),
  /** Every order says the same, so it must be as near as any order's: no slot is taken later. */
  notAfter: milliseconds,
});
export type Mandate = z.infer<typeof mandateSchema>;
export const mandate = wire(mandateSchema, { name: "mandate", maxBytes: 1_024 });

/** A job is named by its mandate. */
export const jobIdOf = (value: Mandate): Digest =>
  digestOf("meshwork/mandate/1", mandate.encode(value));

export const signMandate = (requester: KeyPair, value: Mandate): Signature =>
  sign(requester, fromHex(jobIdOf(value)));

export const verifyMandate = (
  requesterKey: PublicKey,
  value: Mandate,
  signature: Signature,
): boolean => verify(requesterKey, fromHex(jobIdOf(value)), signature);

/** The gateway chooses nothing: a slot has one nonce, and the ledger takes a nonce once. */
export const slotNonce = (value: Mandate, slot: number): bigint => {
  const bytes = digestBytesOf("meshwork/slot/1", fromHex(jobIdOf(value)), uint64(slot));
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
};

/** The order that stands for a slot of the mandate. */
export const mandatedOrder = (value: Mandate, contractHash: Digest): TaskOrder => ({
  contractHash,
  ...value.order,
});
