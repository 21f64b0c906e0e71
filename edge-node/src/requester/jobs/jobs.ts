import {
  type Clock,
  type ContentId,
  type Digest,
  every,
  limits,
  type NodeId,
  type OrderId,
  sleep,
} from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import { idOfJob, type Job, type JobReceipt, jobFlaw } from "@meshwork/protocol";
import { createWatch } from "../../watch.ts";
import type { TaskView } from "../follow-task.ts";
import type { JobBook, KeptJob } from "./job-book.ts";
import { type JobData, sizeOf } from "./job-data.ts";
import { JobError } from "./job-error.ts";
import { isOver, type JobView, REVOKED, viewJob } from "./job-view.ts";
import { requirePayable } from "./require-payable.ts";
import { type RunJobParts, runJob, stopOf } from "./run-job.ts";

export interface JobsParts extends Omit<RunJobParts, "opened" | "object"> {
  clock: Clock;
  log: Log;
  book: JobBook;
  data: JobData;
  /** Points that an account may spend now, and what one order under this mandate takes. */
  purse(job: Job): { held: bigint; each: bigint };
  /** What the requester sees of one order. */
  viewOrder(orderId: OrderId): TaskView | null;
  /** What a part has written, by its name. */
  result(id: ContentId): Promise<Uint8Array | null>;
  /** What was kept for the job may go. */
  release(jobId: Digest): void;
  assemble(kept: KeptJob): Promise<JobReceipt>;
}

/** Fan-out: jobs of many orders, which this node places for their requesters. */
export interface Jobs {
  /**
   * Takes a job whose signature was checked, and of its data what `bring` has. The same job again is the
   * same job. It begins when nothing is missing any more.
   * @throws JobError
   */
  take(job: Job, bring: (id: ContentId) => Uint8Array | null): Promise<{ missing: ContentId[] }>;
  view(jobId: Digest): JobView | null;
  /** The present view and then every change, at most four a second, until it is over. Views are whole. */
  watch(jobId: Digest, signal: AbortSignal): AsyncGenerator<JobView>;
  /** Places no more orders. Those that are open are their requester's to revoke. */
  revoke(jobId: Digest): Promise<void>;
  /** Null until the job is done. */
  receipt(jobId: Digest): Promise<JobReceipt | null>;
  /** To be called when something about an order has changed. */
  onOrder(orderId: OrderId): void;
  stop(): Promise<void>;
}

/** Progress of 64 parts is a lot of news: a reader skips what was overtaken. */
const VIEW_PAUSE_MS = 250;
const SWEEP_MS = 600_000;

export async function createJobs(parts: JobsParts, signal: AbortSignal): Promise<Jobs> {
  const jobs = new JobKeeper(parts, signal);
  await jobs.begin();
  return jobs;
}

class JobKeeper implements Jobs {
  readonly #parts: JobsParts;
  readonly #signal: AbortSignal;
  readonly #news = createWatch<Digest>();
  readonly #missing = new Map<Digest, ContentId[]>();
  readonly #running = new Map<Digest, { stop: AbortController; done: Promise<void> }>();
  readonly #open = new Map<Digest, Map<number, { attempt: number; orderId: OrderId }>>();
  readonly #jobOf = new Map<OrderId, Digest>();
  readonly #endSweep: () => void;

  constructor(parts: JobsParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
    this.#endSweep = every(parts.clock, SWEEP_MS, () => void this.#sweep());
  }

  /** Goes on with what an earlier process has begun. */
  async begin(): Promise<void> {
    await this.#sweep();
    for (const { jobId, job, ends } of this.#parts.book.all()) {
      this.#missing.set(jobId, await this.#parts.data.missing(job));
      if (this.#isOver(jobId)) continue;
      for (const { resultHash } of ends.values())
        if (resultHash !== null) this.#parts.pin(jobId, resultHash);
      this.#runIfReady(jobId);
    }
  }

  async take(
    job: Job,
    bring: (id: ContentId) => Uint8Array | null,
  ): Promise<{ missing: ContentId[] }> {
    const { book, clock, data } = this.#parts;
    const jobId = idOfJob(job);
    if (book.get(jobId) === null) this.#check(job);
    await book.add(job, clock.now());
    await this.#forgetOldest(job.mandate.requester);
    const kept = this.#kept(jobId);
    if (this.#isOver(jobId) || this.#running.has(jobId)) return { missing: [] };
    for (const id of await data.missing(kept.job)) {
      const bytes = bring(id);
      if (bytes !== null) await data.put(kept.job, bytes);
    }
    const missing = await data.missing(kept.job);
    this.#missing.set(jobId, missing);
    this.#runIfReady(jobId);
    this.#news.notify(jobId);
    return { missing };
  }

  view(jobId: Digest): JobView | null {
    const kept = this.#parts.book.get(jobId);
    if (kept === null) return null;
    const open = this.#open.get(jobId);
    return viewJob(kept, {
      missing: this.#missing.get(jobId)?.length ?? 0,
      openOrder: (index) => {
        const order = open?.get(index);
        return order ? { ...order, view: this.#parts.viewOrder(order.orderId) } : null;
      },
    });
  }

  async *watch(jobId: Digest, signal: AbortSignal): AsyncGenerator<JobView> {
    let last = "";
    for (;;) {
      const view = await this.#news.until(jobId, () => this.#fresh(jobId, last), signal);
      last = JSON.stringify(view);
      yield view;
      if (isOver(view)) return;
      await sleep(this.#parts.clock, VIEW_PAUSE_MS, signal);
    }
  }

  #fresh(jobId: Digest, last: string): JobView | null {
    const view = this.view(jobId);
    if (view === null) throw this.#unknown(jobId);
    return JSON.stringify(view) === last ? null : view;
  }

  async revoke(jobId: Digest): Promise<void> {
    const { job } = this.#kept(jobId);
    if (this.#isOver(jobId)) return;
    await this.#end(jobId, { code: REVOKED, reason: `taken back by ${job.mandate.requester}` });
    this.#running.get(jobId)?.stop.abort(new Error("the job is revoked"));
  }

  async receipt(jobId: Digest): Promise<JobReceipt | null> {
    const kept = this.#kept(jobId);
    return this.view(jobId)?.kind === "done" ? this.#parts.assemble(kept) : null;
  }

  readonly onOrder = (orderId: OrderId): void => {
    const jobId = this.#jobOf.get(orderId);
    if (jobId !== undefined) this.#news.notify(jobId);
  };

  async stop(): Promise<void> {
    this.#endSweep();
    await Promise.allSettled([...this.#running.values()].map(({ done }) => done));
  }

  #check(job: Job): void {
    const { requester } = job.mandate;
    const flaw = jobFlaw(job);
    if (flaw !== null)
      throw new JobError("JOB_INVALID", `the mandate is none for this job (${flaw}): sign it anew`);
    const size = sizeOf(job.body);
    if (size > limits.jobBytes)
      throw new JobError(
        "JOB_TOO_LARGE",
        `the job reads ${size} bytes, at most ${limits.jobBytes} are taken: make several of it, or bring its inputs as files`,
      );
    const open = this.#parts.book.all().filter((each) => !this.#isOver(each.jobId));
    const own = open.filter((each) => each.job.mandate.requester === requester);
    if (open.length >= limits.jobs || own.length >= limits.jobsPerRequester)
      throw new JobError(
        "JOBS_FULL",
        `${own.length} jobs of yours are open here, of ${open.length}: wait until one is over, or revoke it`,
      );
    requirePayable(job, this.#parts.purse(job));
  }

  #isOver(jobId: Digest): boolean {
    const view = this.view(jobId);
    return view === null || isOver(view);
  }

  #runIfReady(jobId: Digest): void {
    const isReady = (this.#missing.get(jobId)?.length ?? 1) === 0;
    if (!isReady || this.#running.has(jobId) || this.#isOver(jobId)) return;
    const stop = new AbortController();
    const done = this.#run(jobId, AbortSignal.any([stop.signal, this.#signal]));
    this.#running.set(jobId, { stop, done });
    void done.finally(() => this.#running.delete(jobId));
  }

  async #run(jobId: Digest, signal: AbortSignal): Promise<void> {
    const { data } = this.#parts;
    const run: RunJobParts = {
      ...this.#parts,
      object: async ({ contentId: id }) =>
        (await data.get(id as ContentId)) ?? this.#parts.result(id as ContentId),
      opened: (id, index, order) => this.#opened(id, index, order),
    };
    try {
      await runJob(run, jobId, signal);
      await this.#cleanUp(jobId);
    } catch (error) {
      // A node that stops goes on with its jobs when it is back.
      if (signal.aborted) return;
      this.#parts.log.warn("a job has stopped", { jobId, error });
      await this.#end(jobId, stopOf(error)).catch((cause) =>
        this.#parts.log.error("a job's end cannot be kept", { jobId, error: cause }),
      );
    } finally {
      this.#news.notify(jobId);
    }
  }

  #opened(jobId: Digest, index: number, order: { attempt: number; orderId: OrderId }): void {
    const open = this.#open.get(jobId) ?? new Map();
    this.#open.set(jobId, open.set(index, order));
    this.#jobOf.set(order.orderId, jobId);
    this.#news.notify(jobId);
  }

  async #end(jobId: Digest, stop: { code: string; reason: string }): Promise<void> {
    await this.#parts.book.stop(jobId, stop);
    await this.#cleanUp(jobId);
    this.#news.notify(jobId);
  }

  /** What it read is not needed any more. */
  async #cleanUp(jobId: Digest): Promise<void> {
    const { book, data, release } = this.#parts;
    const left = book.all().filter((each) => each.jobId !== jobId && !this.#isOver(each.jobId));
    this.#missing.set(jobId, []);
    await data.release(
      this.#kept(jobId).job,
      left.map(({ job }) => job),
    );
    release(jobId);
  }

  /** What a disk does not take now is tried again with the next. */
  async #sweep(): Promise<void> {
    for (const kept of this.#parts.book.all())
      await this.#sweepOne(kept).catch((error) =>
        this.#parts.log.warn("a job that is over stays", { jobId: kept.jobId, error }),
      );
  }

  async #sweepOne({ jobId, since, job: { mandate } }: KeptJob): Promise<void> {
    const now = this.#parts.clock.now();
    const isStale = now > mandate.notAfter && this.view(jobId)?.kind === "collecting";
    if (isStale) await this.#end(jobId, { code: "JOB_EXPIRED", reason: "its data never came" });
    // Its orders may have gone on until then.
    const keptFor = now - Math.max(since, mandate.notAfter);
    if (keptFor >= limits.jobKeptMs && this.#isOver(jobId)) await this.#forget(jobId);
  }

  /** Who has many jobs, or takes each back at once, is not given the disk for it. */
  async #forgetOldest(requester: NodeId): Promise<void> {
    const own = this.#parts.book.all().filter(({ job }) => job.mandate.requester === requester);
    const tooMany = own.length - limits.jobsKeptPerRequester;
    if (tooMany <= 0) return;
    const over = own.filter(({ jobId }) => this.#isOver(jobId));
    for (const { jobId } of over.sort((a, b) => a.since - b.since).slice(0, tooMany))
      await this.#forget(jobId);
  }

  async #forget(jobId: Digest): Promise<void> {
    for (const { orderId } of this.#open.get(jobId)?.values() ?? []) this.#jobOf.delete(orderId);
    this.#open.delete(jobId);
    this.#missing.delete(jobId);
    await this.#parts.book.delete(jobId);
  }

  #kept(jobId: Digest): KeptJob {
    const kept = this.#parts.book.get(jobId);
    if (kept === null) throw this.#unknown(jobId);
    return kept;
  }

  #unknown(jobId: Digest): JobError {
    return new JobError(
      "JOB_UNKNOWN",
      `no job ${jobId} is here: ask the gateway that it was signed for, within a day of its end`,
    );
  }
}
