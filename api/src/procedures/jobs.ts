import { CodedError, type Digest, digest, limits } from "@meshwork/foundation";
import { idOfJob } from "@meshwork/protocol";
import { tracked } from "@trpc/server";
import { z } from "zod";
import { base64Bytes } from "../base64.ts";
import { boundedBacklog } from "../bounded-backlog.ts";
import { checkJob } from "../check-job.ts";
import { type Context, requireCaller } from "../context.ts";
import { DoorError } from "../door-error.ts";
import { doorLimits } from "../door-limits.ts";
import { asRefusal, asTrpcError } from "../error-shape.ts";
import { type JobState, jobReceiptAnswer, jobView } from "../job-views.ts";
import { procedure, router } from "../trpc.ts";
import { keyOf } from "./tasks.ts";

const JOB_BYTES = 40_960;
const jobOnly = z.strictObject({ jobId: digest });

/**
 * Takes a signed job, and what was uploaded of its data; says what is still missing. Upload some of that
 * and call it again, until nothing is: then it begins. The same job again is the same job.
 */
export const mapTask = procedure
  .input(z.strictObject({ job: base64Bytes(JOB_BYTES) }))
  .output(z.object({ jobId: digest, missing: z.array(z.string()) }))
  .mutation(async ({ ctx, input }) => {
    const { gateway, staging, clock } = ctx.door;
    const { job } = checkJob(input.job, {
      ...gateway.network(),
      now: clock.now(),
      keyOf: (account) => keyOf(ctx, account),
    });
    const { requester } = job.mandate;
    const brought: Parameters<typeof staging.drop>[1][number][] = [];
    const { missing } = await refusing(
      gateway.jobs.take(job, (id) => {
        const bytes = staging.get(requester, id);
        if (bytes !== null) brought.push(id);
        return bytes;
      }),
    );
    staging.drop(requester, brought);
    return { jobId: idOfJob(job), missing };
  });

export const jobProcedures = router({
  /** All parts of a job of one's own, in one view. */
  get: procedure
    .input(jobOnly)
    .output(jobView)
    .query(({ ctx, input }) => ownJob(ctx, input.jobId)),

  /** The view as it is, and whenever it changes, until the job is over. */
  watch: procedure
    .input(jobOnly.extend({ lastEventId: z.string().max(64).nullish() }))
    .subscription(({ ctx, input, signal }) => {
      ownJob(ctx, input.jobId);
      return follow(ctx, input.jobId, signal);
    }),

  /** Binds the job, the receipts of all its parts, and that of its reduction. */
  receipt: procedure
    .input(jobOnly)
    .output(jobReceiptAnswer)
    .query(async ({ ctx, input: { jobId } }) => {
      ownJob(ctx, jobId);
      const share = await ctx.door.results.take(limits.jobReceiptBytes * doorLimits.resultCopies);
      ctx.whenAnswered(share.release);
      const receipt = await ctx.door.gateway.jobs.receipt(jobId);
      share.shrinkTo((receipt?.length ?? 0) * doorLimits.resultCopies);
      return receipt === null
        ? { kind: "pending" as const, jobId }
        : { kind: "ready" as const, jobId, receipt };
    }),

  /** Places no more orders. Those that stand on the ledger are revoked by a `cancel` each. */
  revoke: procedure
    .input(jobOnly)
    .output(jobView)
    .mutation(async ({ ctx, input: { jobId } }) => {
      ownJob(ctx, jobId);
      await refusing(ctx.door.gateway.jobs.revoke(jobId));
      return ownJob(ctx, jobId);
    }),
});

async function* follow(ctx: Context, jobId: Digest, until: AbortSignal | undefined) {
  const { account } = requireCaller(ctx);
  let leave = () => {};
  try {
    leave = ctx.door.watches.take(account);
    const views = boundedBacklog((signal) => ctx.door.gateway.jobs.watch(jobId, signal), {
      size: 1,
      signal: until,
    });
    let count = 0;
    for await (const view of views) {
      const state: JobState = jobView.parse(view);
      yield tracked(String(count++), state);
    }
  } catch (error) {
    throw asTrpcError(error);
  } finally {
    leave();
  }
}

/** Jobs are private: one is shown to its requester alone. */
function ownJob(ctx: Context, jobId: Digest) {
  const { account } = requireCaller(ctx);
  const view = ctx.door.gateway.jobs.view(jobId);
  if (view === null)
    throw new DoorError(
      "JOB_UNKNOWN",
      `no job ${jobId} is here: ask the gateway that it was signed for, within a day of its end`,
    );
  if (view.requester === account) return view;
  throw new DoorError(
    "JOB_FOREIGN",
    `job ${jobId} is not ${account}'s: ask with the key that signed it`,
  );
}

/** What the gateway refuses is the requester's to read. */
async function refusing<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw error instanceof CodedError && !(error instanceof DoorError) ? asRefusal(error) : error;
  }
}
