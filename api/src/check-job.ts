import type { Digest } from "@meshwork/foundation";
import { idOfJob, type Job, job as jobWire, verifyMandate, WireError } from "@meshwork/protocol";
import { checkLifetime, type OrderSurroundings } from "./check-order.ts";
import { DoorError } from "./door-error.ts";

export interface CheckedJob {
  jobId: Digest;
  job: Job;
}

/** Refuses, each with its own code, whatever could never become a job; nothing is stored before. */
export function checkJob(bytes: Uint8Array, around: OrderSurroundings): CheckedJob {
  const job = decode(bytes);
  const { mandate, signature } = job;
  if (mandate.chainId !== around.chainId)
    throw new DoorError(
      "ORDER_WRONG_NETWORK",
      `the job is signed for network ${mandate.chainId}, this is ${around.chainId}: sign it for this one`,
    );
  if (mandate.order.gateway !== around.gateway)
    throw new DoorError(
      "ORDER_WRONG_GATEWAY",
      `the job names gateway ${mandate.order.gateway}, this is ${around.gateway}: hand it in there, or sign it for this one`,
      { detail: { named: mandate.order.gateway, gateway: around.gateway } },
    );
  checkLifetime(mandate.notAfter, around.now);
  if (!verifyMandate(around.keyOf(mandate.requester), mandate, signature))
    throw new DoorError(
      "BAD_SIGNATURE",
      `the job's signature is not one by the key of ${mandate.requester}: sign its mandate with it`,
    );
  return { jobId: idOfJob(job), job };
}

function decode(bytes: Uint8Array): Job {
  try {
    return jobWire.decode(bytes);
  } catch (cause) {
    if (cause instanceof WireError) throw new DoorError("JOB_MALFORMED", cause.message, { cause });
    throw cause;
  }
}
