import { digestOf } from "@meshwork/crypto";
import {
  type Digest,
  digest,
  fromHex,
  limits,
  type OrderId,
  signature,
  uint64,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { type Contract, contract, contractHash, type InputRef, inputRef } from "./contract.ts";
import { jobIdOf, type Mandate, mandateSchema, slotNonce } from "./mandate.ts";
import { transactionIdOf, type UnsignedTransaction } from "./transaction.ts";

/** What a job is to compute: one program over many inputs, and another one over what came out. */
export const jobBodySchema = z.strictObject({
  /** Of each part. Its inputs follow the part's own: what all parts read. */
  map: contract.schema,
  /** One part each, in this order. */
  inputs: z.array(inputRef).min(1).max(limits.jobParts),
  /** Reads the outputs of the parts, in order, then its own inputs. Null: the parts' outputs are the result. */
  reduce: contract.schema.nullable(),
  /** How often a part may be ordered, all in all. A program that fails the same everywhere fails once. */
  attempts: z.int().min(1).max(limits.jobAttempts),
  /** Parts that may be missing from the result. 0: the first that fails ends the job. */
  maxFailures: z.int().min(0).max(limits.jobParts),
  /** Random: nobody can guess what is computed from what the ledger knows. */
  blind: digest,
});
export type JobBody = z.infer<typeof jobBodySchema>;
export const jobBody = wire(jobBodySchema, { name: "job body", maxBytes: 32_768 });

export const jobSchema = z.strictObject({
  mandate: mandateSchema,
  signature,
  body: jobBodySchema,
});
export type Job = z.infer<typeof jobSchema>;
/** A job as its requester hands it in, signed once. */
export const job = wire(jobSchema, { name: "job", maxBytes: 40_960 });

export const jobHash = (body: JobBody): Digest => digestOf("meshwork/job/1", jobBody.encode(body));

/** Slots that a job needs at most: so many its mandate must give. */
export const slotsOf = ({ inputs, reduce, attempts }: JobBody): number =>
  (inputs.length + (reduce === null ? 0 : 1)) * attempts;

/** Which order of a job: a part by its number, or the reduction, which stands behind the last part. */
export interface JobPlace {
  index: number;
  attempt: number;
}

export const slotOf = ({ attempts }: JobBody, { index, attempt }: JobPlace): number =>
  index * attempts + attempt;

/** What one part computes. */
export function partContract({ map, inputs }: JobBody, index: number): Contract {
  const own = inputs[index];
  if (own === undefined) throw new RangeError(`a job of ${inputs.length} parts has no ${index}`);
  return { ...map, inputs: [own, ...map.inputs] };
}

/** What the reduction computes: known only when the parts have their outputs. */
export function reduceContract({ reduce }: JobBody, outputs: readonly InputRef[]): Contract {
  if (reduce === null) throw new RangeError("this job has no reduction");
  return { ...reduce, inputs: [...outputs, ...reduce.inputs] };
}

/** The order of one slot, down to its last byte: so its id is known before it is placed. */
export interface SlotOrder {
  orderId: OrderId;
  unsigned: UnsignedTransaction;
  contract: Contract;
  blind: Digest;
}

export function slotOrder(value: Job, place: JobPlace, contract: Contract): SlotOrder {
  const { mandate, signature, body } = value;
  const slot = slotOf(body, place);
  const blind = digestOf("meshwork/job-blind/1", fromHex(body.blind), uint64(slot));
  const unsigned: UnsignedTransaction = {
    chainId: mandate.chainId,
    sender: mandate.order.gateway,
    nonce: slotNonce(mandate, slot),
    notAfter: mandate.notAfter,
    body: { kind: "part", mandate, signature, slot, contractHash: contractHash(contract, blind) },
  };
  const orderId = transactionIdOf(unsigned) as string as OrderId;
  return { orderId, unsigned, contract, blind };
}

export type JobFlaw = "WRONG_JOB" | "TOO_FEW_ORDERS" | "TOO_MANY_INPUTS" | "TOO_MUCH_FUEL";

/** Why the mandate is not one for this job, whoever signed it; null: it is. */
export function jobFlaw({ mandate, body }: Pick<Job, "mandate" | "body">): JobFlaw | null {
  const { map, reduce, inputs } = body;
  if (mandate.jobHash !== jobHash(body)) return "WRONG_JOB";
  if (mandate.orders !== slotsOf(body)) return "TOO_FEW_ORDERS";
  const most = reduce === null ? 0 : inputs.length + reduce.inputs.length;
  if (Math.max(1 + map.inputs.length, most) > limits.inputsPerTask) return "TOO_MANY_INPUTS";
  const fuel = [map, ...(reduce === null ? [] : [reduce])].map((each) => each.limits.fuel);
  return fuel.every((each) => each <= mandate.order.maxFuel) ? null : "TOO_MUCH_FUEL";
}

export const idOfJob = ({ mandate }: { mandate: Mandate }): Digest => jobIdOf(mandate);
