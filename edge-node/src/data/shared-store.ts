import { type Clock, type ContentId, codeOf, limits } from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import type { ObjectStore } from "@meshwork/storage";
import { whileTimeLasts } from "../time-limit.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { TransferSlots } from "./transfer-slots.ts";

export interface SharedStoreParts {
  store: Pick<ObjectStore, "get" | "put">;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/**
 * - `absent`: the store holds no such content, or something else under its name.
 * - `unavailable`: it could not be asked; it may well have it.
 */
export type Asked = Uint8Array | "absent" | "unavailable";

/** Where nodes of one owner keep task data together. It may fail at any time: nothing here throws but a signal's reason. */
export interface SharedStore {
  get(id: ContentId, options: { maxBytes: number; signal?: AbortSignal }): Promise<Asked>;
  /** Whether the bytes are durable there. False too when that takes too long: then they may be, later. */
  put(bytes: Uint8Array): Promise<boolean>;
}

/**
 * A store that fails is a warning with a code and a count, and is left alone for a while: peers are
 * asked instead. Reading and writing fail apart, since the rights to them are given apart.
 */
export function createSharedStore(parts: SharedStoreParts): SharedStore {
  const { store, clock, log } = parts;
  const pauses = { firstMs: limits.taskDataRestMs, longestMs: limits.taskDataLongestRestMs };
  const breakers = {
    read: new CircuitBreaker(clock, pauses),
    write: new CircuitBreaker(clock, pauses),
  };
  const slots = new TransferSlots(limits.taskDataTransfers);
  const failures = parts.metrics.counter({
    name: "task_data_store_failures",
    help: "Operations on the shared store of task data that failed, by code.",
    labels: ["operation", "code"],
  });

  const failed = (operation: keyof typeof breakers, error: unknown) => {
    const code = codeOf(error);
    breakers[operation].failed();
    failures.add(1, { operation, code });
    log.warn("the shared store of task data failed; peers are asked instead", {
      ...{ operation, code, error },
    });
  };

  const noteDamage = (id: ContentId, error: unknown) => {
    breakers.read.succeeded();
    failures.add(1, { operation: "read", code: codeOf(error) });
    log.warn("the shared store holds something else than the content; it is not used", {
      ...{ id, code: codeOf(error), error },
    });
  };

  const read = async (id: ContentId, maxBytes: number): Promise<Asked> => {
    if (breakers.read.isOpen) return "unavailable";
    try {
      const bytes = await store.get(id, { maxBytes });
      breakers.read.succeeded();
      return bytes ?? "absent";
    } catch (error) {
      if (IS_SOMETHING_ELSE.has(codeOf(error))) {
        noteDamage(id, error);
        return "absent";
      }
      failed("read", error);
      return "unavailable";
    }
  };

  const write = async (bytes: Uint8Array): Promise<boolean> => {
    if (breakers.write.isOpen) return false;
    try {
      await store.put(bytes);
      breakers.write.succeeded();
      return true;
    } catch (error) {
      failed("write", error);
      return false;
    }
  };

  return {
    async get(id, { maxBytes, signal }) {
      const answer = await slots.run(() => read(id, maxBytes), signal);
      return answer ?? "unavailable";
    },
    async put(bytes) {
      const waitMs =
        limits.taskDataSilenceMs + (1_000 * bytes.length) / limits.storageBytesPerSecond;
      const { signal } = new AbortController();
      const done = await whileTimeLasts(clock, waitMs, signal, (timeUp) =>
        slots.run(() => write(bytes), timeUp),
      );
      return done ?? false;
    },
  };
}

/** The store answers; but with what is not, or cannot be, the content. */
const IS_SOMETHING_ELSE = new Set(["OBJECT_DAMAGED", "OBJECT_TOO_LARGE"]);
