import type { ContentId, Digest } from "@meshwork/foundation";
import { idOfJob, type Job } from "@meshwork/protocol";
import type { GatewayJobs, JobView } from "../ports.ts";

/** Jobs that end when the test says so. */
export class FakeJobs implements GatewayJobs {
  readonly taken = new Map<Digest, Job>();
  readonly brought = new Map<ContentId, Uint8Array>();
  refusal: Error | null = null;
  readonly #kinds = new Map<Digest, JobView["kind"]>();
  readonly #receipts = new Map<Digest, Uint8Array>();
  readonly #wakers = new Set<() => void>();

  async take(job: Job, bring: (id: ContentId) => Uint8Array | null) {
    if (this.refusal !== null) throw this.refusal;
    const jobId = idOfJob(job);
    this.taken.set(jobId, job);
    const named = [job.body.map.program, ...job.body.inputs, job.body.reduce?.program];
    const ids = new Set(named.flatMap((ref) => (ref ? [ref.contentId as ContentId] : [])));
    for (const id of ids) {
      const bytes = bring(id);
      if (bytes !== null) this.brought.set(id, bytes);
    }
    const missing = [...ids].filter((id) => !this.brought.has(id));
    this.become(jobId, missing.length > 0 ? "collecting" : "mapping");
    return { missing };
  }

  become(jobId: Digest, kind: JobView["kind"], receipt?: Uint8Array): void {
    this.#kinds.set(jobId, kind);
    if (receipt) this.#receipts.set(jobId, receipt);
    for (const wake of this.#wakers) wake();
  }

  view(jobId: Digest): JobView | null {
    const job = this.taken.get(jobId);
    const kind = this.#kinds.get(jobId);
    if (job === undefined || kind === undefined) return null;
    const stop = kind === "revoked" ? { code: "JOB_REVOKED", reason: "taken back" } : null;
    const { requester } = job.mandate;
    const about = { jobId, requester, kind, missing: 0, failures: 0, maxFailures: 0 };
    return { ...about, parts: [], reduce: null, stop };
  }

  async *watch(jobId: Digest, signal: AbortSignal): AsyncGenerator<JobView> {
    let last: string | null = null;
    while (!signal.aborted) {
      const view = this.view(jobId);
      if (view === null) return;
      if (view.kind !== last) yield view;
      last = view.kind;
      if (["done", "failed", "revoked"].includes(last)) return;
      await new Promise<void>((resolve) => {
        this.#wakers.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  async revoke(jobId: Digest): Promise<void> {
    this.become(jobId, "revoked");
  }

  async receipt(jobId: Digest): Promise<Uint8Array | null> {
    return this.#receipts.get(jobId) ?? null;
  }
}
