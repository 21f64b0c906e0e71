import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, digest, type OrderId, utf8 } from "@meshwork/foundation";
import {
  idOfJob,
  type Job,
  type JobEnd,
  jobEnd,
  job as jobWire,
  type Outcome,
  outputOf,
  slotOf,
} from "@meshwork/protocol";
import { z } from "zod";
import { readIfThere, replaceFile } from "../../chain/store/durable-file.ts";

/** How one order of a job ended, as far as the job goes on by it; its receipt lies on the disk. */
export interface EndNote {
  orderId: OrderId;
  attempt: number;
  outcome: Outcome;
  /** Null when it has no output. */
  resultHash: Digest | null;
  /** Of an output that the reduction reads. */
  outputBytes: number | null;
}

/** Why a job ended before its time. */
export const jobStop = z.object({ code: z.string().max(64), reason: z.string().max(1_000) });
export type JobStop = z.infer<typeof jobStop>;

export interface KeptJob {
  readonly jobId: Digest;
  readonly job: Job;
  /** Wall time at which it was taken. */
  readonly since: number;
  readonly stop: JobStop | null;
  /** By part (the reduction behind the last), the last end of it. */
  readonly ends: ReadonlyMap<number, EndNote>;
}

/**
 * The jobs of a gateway, a folder each: the job, the end of each of its orders, and why it stopped. All
 * else follows from them and the ledger, so a gateway that is killed goes on where it was.
 */
export interface JobBook {
  all(): KeptJob[];
  get(jobId: Digest): KeptJob | null;
  /** Durable when it resolves, as are the next two, for all who ask meanwhile; when it fails, as if nothing was said. */
  add(job: Job, since: number): Promise<void>;
  putEnd(jobId: Digest, index: number, end: JobEnd): Promise<EndNote>;
  stop(jobId: Digest, stop: JobStop): Promise<void>;
  readEnd(jobId: Digest, index: number): Promise<JobEnd | null>;
  delete(jobId: Digest): Promise<void>;
}

export async function openJobBook(folder: string): Promise<JobBook> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const kept = await readAll(folder);
  const at = (jobId: Digest, name: string) => join(folder, jobId, name);
  const change = (jobId: Digest, by: (job: KeptJob) => KeptJob) => {
    const known = kept.get(jobId);
    if (known !== undefined) kept.set(jobId, by(known));
  };
  const writing = new Map<string, Promise<void>>();
  const once = (path: string, write: () => Promise<void>): Promise<void> => {
    const begun = writing.get(path) ?? write().finally(() => writing.delete(path));
    writing.set(path, begun);
    return begun;
  };

  return {
    all: () => [...kept.values()],
    get: (jobId) => kept.get(jobId) ?? null,
    async add(job, since) {
      const jobId = idOfJob(job);
      const path = at(jobId, "job");
      if (kept.has(jobId)) return writing.get(path);
      // Counted at once, so that no two take the last room.
      kept.set(jobId, { jobId, job, since, stop: null, ends: new Map() });
      return once(path, async () => {
        try {
          await mkdir(join(folder, jobId), { recursive: true, mode: 0o700 });
          await replaceFile(path, jobWire.encode(job));
        } catch (error) {
          kept.delete(jobId);
          throw error;
        }
      });
    },
    async putEnd(jobId, index, end) {
      const note = noteOf(end);
      const { body } = kept.get(jobId)?.job ?? {};
      if (body === undefined) return note;
      const slot = slotOf(body, { index, attempt: end.attempt });
      await replaceFile(at(jobId, `${slot}.end`), jobEnd.encode(end));
      change(jobId, (job) => ({ ...job, ends: new Map([...job.ends, [index, note]]) }));
      return note;
    },
    async stop(jobId, stop) {
      if (kept.get(jobId)?.stop !== null) return;
      const path = at(jobId, "stop");
      await once(path, async () => {
        await replaceFile(path, utf8(JSON.stringify(stop)));
        change(jobId, (job) => ({ ...job, stop }));
      });
    },
    async readEnd(jobId, index) {
      const { job, ends } = kept.get(jobId) ?? {};
      const attempt = ends?.get(index)?.attempt;
      if (job === undefined || attempt === undefined) return null;
      const bytes = await readIfThere(at(jobId, `${slotOf(job.body, { index, attempt })}.end`));
      return bytes === null ? null : jobEnd.decode(bytes);
    },
    async delete(jobId) {
      kept.delete(jobId);
      await rm(join(folder, jobId), { recursive: true, force: true });
    },
  };
}

const noteOf = (end: JobEnd): EndNote => ({
  orderId: end.receipt.task.orderId,
  attempt: end.attempt,
  outcome: end.receipt.task.conclusion?.outcome ?? "inconclusive",
  resultHash: outputOf(end),
  outputBytes: end.outputBytes,
});

async function readAll(folder: string): Promise<Map<Digest, KeptJob>> {
  const kept = new Map<Digest, KeptJob>();
  for (const name of await readdir(folder)) {
    const jobId = digest.safeParse(name);
    const found = jobId.success ? await readOne(join(folder, name), jobId.data) : null;
    // Half-written at a crash: its requester was not told that it was taken.
    if (found === null) await rm(join(folder, name), { recursive: true, force: true });
    else kept.set(found.jobId, found);
  }
  return kept;
}

async function readOne(folder: string, jobId: Digest): Promise<KeptJob | null> {
  const path = join(folder, "job");
  const bytes = await readIfThere(path);
  const job = bytes && attempted(() => jobWire.decode(bytes));
  if (job === null || idOfJob(job) !== jobId) return null;
  const ends = new Map<number, EndNote>();
  for (const name of await readdir(folder)) {
    const slot = /^(\d+)\.end$/.exec(name)?.[1];
    const end = slot && attempted(jobEnd.decode, await readFile(join(folder, name)));
    if (!end) continue;
    const index = Math.floor(Number(slot) / job.body.attempts);
    if ((ends.get(index)?.attempt ?? -1) < end.attempt) ends.set(index, noteOf(end));
  }
  return { jobId, job, since: (await stat(path)).mtimeMs, stop: await readStop(folder), ends };
}

async function readStop(folder: string): Promise<JobStop | null> {
  const bytes = await readIfThere(join(folder, "stop"));
  return bytes && attempted(() => jobStop.parse(JSON.parse(new TextDecoder().decode(bytes))));
}

/** Null for what a crash or a disk has damaged: the ledger, or the requester, brings it again. */
function attempted<A extends unknown[], T>(read: (...args: A) => T, ...args: A): T | null {
  try {
    return read(...args);
  } catch {
    return null;
  }
}
