import { mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, type ContentId, contentId, limits, sleep } from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";

export interface PendingUploadsParts {
  /** Brings the object to the shared store; false when it could not, and is to try again. */
  upload: (id: ContentId) => Promise<boolean>;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/** What the shared store did not take when it should have. It is tried again until it does. */
export interface PendingUploads {
  /** Remembered over a restart when it resolves. */
  add(id: ContentId): Promise<void>;
  readonly size: number;
  stop(): Promise<void>;
}

/** @param folder an empty file in it stands for each object. */
export async function openPendingUploads(
  parts: PendingUploadsParts,
  folder: string,
): Promise<PendingUploads> {
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  const pending = new Set(names.filter((name) => contentId.safeParse(name).success) as ContentId[]);
  const stopping = new AbortController();
  const gauge = parts.metrics.gauge({
    name: "task_data_uploads_pending",
    help: "Objects that the shared store of task data still has to be given.",
  });
  gauge.set(pending.size);
  let running: Promise<void> | null = null;

  const uploadAll = async () => {
    let pauseMs: number = limits.taskDataRestMs;
    for (let [id] = pending; id !== undefined && !stopping.signal.aborted; [id] = pending) {
      if (await parts.upload(id)) {
        // First: should the file stay, the object is uploaded once more after a restart.
        pending.delete(id);
        gauge.set(pending.size);
        await rm(join(folder, id), { force: true });
        pauseMs = limits.taskDataRestMs;
        continue;
      }
      await sleep(parts.clock, pauseMs, stopping.signal).catch(() => {});
      pauseMs = Math.min(2 * pauseMs, limits.taskDataLongestRestMs);
    }
  };

  const start = () => {
    if (running !== null || pending.size === 0 || stopping.signal.aborted) return;
    running = uploadAll()
      .catch((error) => parts.log.error("the list of uploads cannot be kept", { error }))
      .finally(() => {
        running = null;
        start(); // What was added while the last one ended.
      });
  };
  start();

  return {
    get size() {
      return pending.size;
    },
    async add(id) {
      if (pending.has(id)) return;
      if (pending.size >= limits.taskDataUploadsPending) {
        parts.log.warn("too much waits for the shared store: this node and its peers keep it", {
          id,
        });
        return;
      }
      pending.add(id);
      gauge.set(pending.size);
      await (await open(join(folder, contentId.parse(id)), "w")).close();
      start();
    },
    async stop() {
      stopping.abort(new Error("the node stops"));
      await running;
    },
  };
}
