import type { Job } from "@meshwork/protocol";
import { JobError } from "./job-error.ts";

/**
 * Each order takes its own worst case when it is placed: a job that could not pay all would stop half way.
 * @throws JobError `JOB_UNPAYABLE`
 */
export function requirePayable(
  { body, mandate }: Job,
  { held, each }: { held: bigint; each: bigint },
): void {
  const orders = body.inputs.length + (body.reduce === null ? 0 : 1);
  const worst = each * BigInt(orders);
  if (worst > held)
    throw new JobError(
      "JOB_UNPAYABLE",
      `its ${orders} orders may cost ${worst} points, and ${mandate.requester} holds ${held}: lower the ceiling, or make fewer parts`,
    );
}
