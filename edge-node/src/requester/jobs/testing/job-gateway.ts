import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ContentId, type OrderId, systemClock, utf8 } from "@meshwork/foundation";
import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import {
  idOfJob,
  type Job,
  jobReceiptRoot,
  signTransaction,
  transactionIdOf,
} from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import type { PlacedOrder } from "../../place-order.ts";
import { openJobBook } from "../job-book.ts";
import { openJobData } from "../job-data.ts";
import type { JobView } from "../job-view.ts";
import { createJobs, type Jobs } from "../jobs.ts";

/** What every program of these jobs writes. */
export const output = utf8("result");

/** A gateway and its folder, on the true rules of the ledger; its orders end as `play` wants it. */
export class JobGateway {
  readonly network = new TestNetwork({ members: 8 });
  readonly actors = new Actors(this.network);
  readonly data = new Map<ContentId, Uint8Array>();
  readonly bring = (id: ContentId) => this.data.get(id) ?? null;
  /** All orders that were placed, in order. */
  readonly placed: PlacedOrder[] = [];
  /** Orders that were open at a time, at most. */
  mostOpen = 0;
  #open = 0;
  readonly #folder: string;
  play = async (orderId: OrderId): Promise<void> => void this.actors.finish(orderId);

  private constructor(folder: string) {
    this.#folder = folder;
    for (const text of ["map", "reduce", "one", "two", "three"]) this.add(text);
  }

  static async open(): Promise<JobGateway> {
    return new JobGateway(await mkdtemp(join(tmpdir(), "meshwork-jobs-")));
  }

  close(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }

  /** Where the gateway keeps something of a job. */
  pathOf(jobId: string, name: string): string {
    return join(this.#folder, "book", jobId, name);
  }

  add(text: string) {
    const bytes = utf8(text);
    this.data.set(contentIdOf(bytes), bytes);
    return { contentId: contentIdOf(bytes), sizeBytes: bytes.length };
  }

  /** Called again, it is started again. */
  async start(): Promise<{ jobs: Jobs; kill(): Promise<void> }> {
    const { network } = this;
    const stopping = new AbortController();
    const book = await openJobBook(join(this.#folder, "book"));
    const data = await openJobData(this.#folder);
    const jobs: Jobs = await createJobs(
      {
        clock: systemClock,
        log: silentLog,
        book,
        data,
        ledger: this.#ledger(),
        sign: (unsigned) =>
          signTransaction(network.keyPairOf(network.memberOf(unsigned.sender)), unsigned),
        place: (order, signal) => this.#place(order, signal),
        receipt: async (orderId) => ({ ...network.receiptOf(orderId), handOver: [] }),
        output: async () => output,
        result: async (id) => (id === contentIdOf(output) ? output : null),
        pin: () => {},
        release: () => {},
        viewOrder: () => null,
        purse: () => ({ held: 1_000_000n, each: 10_005n }),
        async assemble({ jobId, job }) {
          const read = async (index: number) => {
            const end = await book.readEnd(jobId, index);
            if (end === null) throw new Error(`part ${index} has no end`);
            return end;
          };
          const parts = await Promise.all(job.body.inputs.map((_, index) => read(index)));
          const reduce = job.body.reduce === null ? null : await read(parts.length);
          const root = jobReceiptRoot({ parts, reduce });
          return { version: 1, job, parts, reduce, root, handOver: [] };
        },
      },
      stopping.signal,
    );
    return {
      jobs,
      async kill() {
        stopping.abort(new Error("killed"));
        await jobs.stop();
      },
    };
  }

  #ledger(): Parameters<typeof createJobs>[0]["ledger"] {
    const task = (orderId: OrderId) => this.network.state.task(orderId) ?? null;
    return {
      task,
      async until(orderId, holds, signal) {
        for (;;) {
          signal.throwIfAborted();
          const found = task(orderId);
          if (found && holds(found)) return found;
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    };
  }

  async #place(order: PlacedOrder, signal: AbortSignal): Promise<OrderId> {
    signal.throwIfAborted();
    this.placed.push(order);
    this.mostOpen = Math.max(this.mostOpen, ++this.#open);
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    this.network.put(order.transaction);
    this.network.step();
    const orderId = transactionIdOf(order.transaction.unsigned) as string as OrderId;
    await this.play(orderId);
    this.#open--;
    return orderId;
  }
}

/** The view with which it is over. */
export async function lastView(jobs: Jobs, job: Job): Promise<JobView> {
  const views = jobs.watch(idOfJob(job), new AbortController().signal);
  let last: JobView | null = null;
  for await (const view of views) last = view;
  if (last === null) throw new Error("a job has a view");
  return last;
}
