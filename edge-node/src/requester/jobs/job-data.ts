import { join } from "node:path";
import { type ContentId, contentId, limits } from "@meshwork/foundation";
import { contentOf, type Job, type JobBody } from "@meshwork/protocol";
import { contentIdOf, openFolderStore } from "@meshwork/storage";
import { JobError } from "./job-error.ts";

/** Every object that a job reads, by name, with its size. Files were brought before, and lie elsewhere. */
export function objectsOf({ map, inputs, reduce }: JobBody): Map<ContentId, number> {
  const named = [...contentOf(map), ...inputs, ...(reduce === null ? [] : contentOf(reduce))];
  return new Map(
    named.flatMap(({ contentId: id, sizeBytes }) => {
      const object = contentId.safeParse(id);
      return object.success ? [[object.data, sizeBytes] as const] : [];
    }),
  );
}

export const sizeOf = (body: JobBody): number =>
  [...objectsOf(body).values()].reduce((sum, size) => sum + size, 0);

/** What open jobs read, in plaintext, from when it is brought until the job is over. */
export interface JobData {
  get(id: ContentId): Promise<Uint8Array | null>;
  missing(job: Job): Promise<ContentId[]>;
  /** @throws JobError `JOB_INVALID` when these are not the bytes that the job names */
  put(job: Job, bytes: Uint8Array): Promise<void>;
  /** Frees what no job among those that are left reads. */
  release(job: Job, left: readonly Job[]): Promise<void>;
}

export async function openJobData(folder: string): Promise<JobData> {
  const store = await openFolderStore({
    folder: join(folder, "objects"),
    maxTotalBytes: limits.jobs * limits.jobBytes,
    maxObjectBytes: limits.inputBytes,
  });
  return {
    get: (id) => store.get(id),
    async missing({ body }) {
      const ids = [...objectsOf(body).keys()];
      const here = await Promise.all(ids.map((id) => store.has(id)));
      return ids.filter((_, i) => !here[i]);
    },
    async put({ body }, bytes) {
      const id = contentIdOf(bytes);
      const sizeBytes = objectsOf(body).get(id);
      if (sizeBytes !== bytes.length)
        throw new JobError(
          "JOB_INVALID",
          `the job says that ${id} has ${sizeBytes} bytes, but it has ${bytes.length}: correct the job`,
        );
      await store.put(bytes);
    },
    async release({ body }, left) {
      const needed = new Set(left.flatMap((job) => [...objectsOf(job.body).keys()]));
      for (const id of objectsOf(body).keys()) if (!needed.has(id)) await store.delete(id);
    },
  };
}
