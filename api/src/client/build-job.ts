import { nodeIdOf } from "@meshwork/crypto";
import { type ContentId, type Digest, limits, toHex } from "@meshwork/foundation";
import {
  type ContentRef,
  idOfJob,
  type Job,
  type JobBody,
  jobHash,
  type Mandate,
  signMandate,
  slotsOf,
} from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import type { z } from "zod";
import { contractFor, type OrderMaker, orderFor, withTimeToFetch } from "./build-order.ts";
import { ClientError } from "./client-error.ts";
import type { Task } from "./define-task.ts";
import { UploadedFile } from "./files.ts";
import type { RawInput } from "./several-inputs.ts";

type AnyTask = Task<z.ZodType, z.ZodType>;

/** One program over many inputs, and another one over what came out. */
export interface JobPlan {
  map: AnyTask;
  /** Reads the outputs of the parts as its inputs, in order. Null: they are the result. */
  reduce: AnyTask | null;
  inputs: readonly RawInput[];
  /** How often a part is ordered, if it ends without a verdict. */
  attempts: number;
  /** Parts that may be missing from the result. */
  maxFailures: number;
}

export interface BuiltJob {
  jobId: Digest;
  job: Job;
  objects: ReadonlyMap<ContentId, Uint8Array>;
}

/** As long as the ledger allows an order, less what clocks may differ by and an upload may take to begin. */
const JOB_LIFETIME_MS = limits.transactionLifetimeMs - 60_000;

/** One signature for all of it. */
export function buildJob(maker: OrderMaker, plan: JobPlan): BuiltJob {
  const { map, reduce, inputs, attempts, maxFailures } = plan;
  if (inputs.length < 1 || inputs.length > limits.jobParts)
    throw new ClientError(
      "TASK_INPUT_INVALID",
      `a job has 1 to ${limits.jobParts} inputs, not ${inputs.length}: put several into one part; nothing was sent`,
    );
  if (reduce !== null && JSON.stringify(reduce.terms.work) !== JSON.stringify(map.terms.work))
    throw new ClientError(
      "TASK_INPUT_INVALID",
      "the parts and the reduction of a job are ordered alike: let both be work of the same nature; nothing was sent",
    );
  const body: JobBody = {
    map: contractFor(map, []),
    inputs: inputs.map((input) => (input instanceof UploadedFile ? { ...input } : refOf(input))),
    reduce: reduce === null ? null : contractFor(reduce, []),
    attempts,
    maxFailures,
    blind: toHex(maker.random.bytes(32)) as Digest,
  };
  const mandate = mandateFor(maker, plan, body);
  const job: Job = { mandate, signature: signMandate(maker.keyPair, mandate), body };
  const programs = [map.program, ...(reduce === null ? [] : [reduce.program])];
  const objects = [...programs, ...inputs.filter((input) => input instanceof Uint8Array)];
  return {
    jobId: idOfJob(job),
    job,
    objects: new Map([
      ...objects.map((bytes) => [contentIdOf(bytes), bytes] as const),
      ...map.terms.objects,
      ...(reduce?.terms.objects ?? []),
    ]),
  };
}

/** Every order of a job is alike: so each may do what the larger of the two programs needs. */
function mandateFor(maker: OrderMaker, { map, reduce }: JobPlan, body: JobBody): Mandate {
  const largest = body.inputs.toSorted((one, other) => other.sizeBytes - one.sizeBytes)[0];
  const deadlines = withTimeToFetch(map.deadlines, largest === undefined ? [] : [largest]);
  const { contractHash: _, ...order } = orderFor(maker, { ...map, deadlines }, jobHash(body));
  let maxFuel = map.limits.fuel;
  if (reduce !== null && reduce.limits.fuel > maxFuel) maxFuel = reduce.limits.fuel;
  const runtime = reduce === null || reduce.runtime === map.runtime ? map.runtime : null;
  return {
    chainId: maker.chainId,
    requester: maker.account ?? nodeIdOf(maker.keyPair.publicKey),
    jobHash: jobHash(body),
    orders: slotsOf(body),
    order: {
      ...order,
      maxFuel,
      placement: { ...order.placement, runtime },
    },
    notAfter: maker.clock.now() + JOB_LIFETIME_MS,
  };
}

const refOf = (bytes: Uint8Array): ContentRef => ({
  contentId: contentIdOf(bytes),
  sizeBytes: bytes.length,
});
