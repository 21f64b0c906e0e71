import { type Clock, messageOf, sleep } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import { ChainError } from "../chain-error.ts";

/** How a part that writes waits for a full disk to have room again. */
export interface DiskSpace {
  /** Why nothing can be written now; null while there is room. */
  readonly trouble: ChainError | null;
  /**
   * Tries again and again while the disk is full; `attempt` must be such that trying it twice does no
   * harm. Any other failure rejects at once, and so does `stop`.
   */
  write(what: string, attempt: () => Promise<void>): Promise<void>;
  stop(): void;
}

const RETRY_MS = 1_000;

/** Shared by all that a node writes: a seat stops voting, a head stays where it is, and both go on by themselves. */
export function createDiskSpace({ clock, log }: { clock: Clock; log: Log }): DiskSpace {
  /** What waits for room, and why. */
  const waiting = new Map<string, ChainError>();
  const stopping = new AbortController();
  const { signal } = stopping;

  async function untilThereIsRoom(attempt: () => Promise<void>): Promise<void> {
    for (;;) {
      await sleep(clock, RETRY_MS, signal);
      try {
        await attempt();
        return;
      } catch (error) {
        if (!isDiskFull(error)) throw error;
      }
    }
  }

  return {
    get trouble() {
      const [first] = waiting.values();
      return first ?? null;
    },
    async write(what, attempt) {
      try {
        return await attempt();
      } catch (cause) {
        if (!isDiskFull(cause) || signal.aborted) throw cause;
        const error = diskFull(what, cause);
        log.error("the disk is full: this node signs nothing until there is room", { error });
        waiting.set(what, error);
      }
      try {
        await untilThereIsRoom(attempt);
        log.info("the disk has room again", { what });
      } finally {
        waiting.delete(what);
      }
    },
    stop: () => stopping.abort(new ChainError("CHAIN_CLOSED", "the node stops")),
  };
}

/** For those who would rather fail than wait: tools, not nodes. */
export const failWhenFull: DiskSpace = {
  trouble: null,
  write: (_what, attempt) => attempt(),
  stop: () => {},
};

const CODES = new Set(["ENOSPC", "EDQUOT"]);

/** LevelDB tells of it in words alone, and a write that was cut short by it is one of the causes. */
export function isDiskFull(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ("code" in each && CODES.has(String(each.code))) return true;
    if (/No space left on device|Disk quota exceeded/.test(each.message)) return true;
  }
  return false;
}

const diskFull = (what: string, cause: unknown) =>
  new ChainError(
    "DISK_FULL",
    `${what} cannot be written, for the disk is full (${messageOf(cause)}): make room; the node goes on by itself`,
    { detail: { what }, cause },
  );
