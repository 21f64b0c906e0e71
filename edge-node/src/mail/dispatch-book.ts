import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  type ContentId,
  every,
  limits,
  type OrderId,
  systemClock,
} from "@meshwork/foundation";
import { type Dispatch, type TaskMessage, type TaskRecord, taskMessage } from "@meshwork/protocol";
import { replaceFile } from "../chain/store/durable-file.ts";

/**
 * The dispatches that this node sent (as the requester's) or got (as a drawn one), one file each, so
 * that a node that was killed goes on with its tasks when it comes back. They hold data keys: the
 * folder is the owner's alone.
 */
export interface DispatchBook {
  get(orderId: OrderId): Dispatch | null;
  /** Durable when it resolves. */
  put(dispatch: Dispatch): Promise<void>;
  delete(orderId: OrderId): Promise<void>;
  orders(): OrderId[];
  /** Whether one of them names this sealed object: then it is needed here. */
  names(id: ContentId): boolean;
  /** When it was put; after a restart, too. */
  keptSince(orderId: OrderId): number;
}

interface Kept {
  dispatch: Dispatch;
  since: number;
}

export async function openDispatchBook(
  folder: string,
  clock: Clock = systemClock,
): Promise<DispatchBook> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const kept = await readAll(folder);
  const named = new Map<ContentId, number>();
  const count = ({ sealed }: Dispatch, by: 1 | -1) => {
    for (const { sealed: id } of sealed) named.set(id, (named.get(id) ?? 0) + by);
    if (by < 0) for (const { sealed: id } of sealed) if (named.get(id) === 0) named.delete(id);
  };
  for (const { dispatch } of kept.values()) count(dispatch, 1);

  return {
    get: (orderId) => kept.get(orderId)?.dispatch ?? null,
    orders: () => [...kept.keys()],
    names: (id) => named.has(id),
    keptSince: (orderId) => kept.get(orderId)?.since ?? clock.now(),
    async put(dispatch) {
      const { orderId } = dispatch;
      if (kept.has(orderId)) return;
      await replaceFile(join(folder, `${orderId}.dispatch`), taskMessage.encode(dispatch));
      if (kept.has(orderId)) return;
      kept.set(orderId, { dispatch, since: clock.now() });
      count(dispatch, 1);
    },
    async delete(orderId) {
      const known = kept.get(orderId);
      if (known === undefined) return;
      kept.delete(orderId);
      count(known.dispatch, -1);
      await rm(join(folder, `${orderId}.dispatch`), { force: true });
    },
  };
}

/** Any later, and no block can take the order any more. */
const UNKNOWN_MS = limits.transactionLifetimeMs + limits.expiryGraceMs;

/**
 * Forgets the dispatch of each order when its task is done: its data key opens nothing any more that
 * this node has to open. So it does when the ledger has refused the order. The result ends that.
 */
export function forgetFinished(
  book: Pick<DispatchBook, "orders" | "delete" | "keptSince">,
  ledger: {
    task(orderId: OrderId): Pick<TaskRecord, "phase"> | null;
    onTask(listener: (task: TaskRecord) => void): () => void;
  },
  options: {
    clock: Clock;
    /** What else was kept for the order may go. */
    forgotten: (orderId: OrderId) => void;
    onError: (error: unknown) => void;
  },
): () => void {
  const { clock, forgotten, onError } = options;
  const forget = (orderId: OrderId) => {
    forgotten(orderId);
    void book.delete(orderId).catch(onError);
  };
  const isOver = (orderId: OrderId): boolean => {
    const task = ledger.task(orderId);
    if (task !== null) return task.phase === "done";
    return clock.now() - book.keptSince(orderId) > UNKNOWN_MS;
  };
  const sweep = () => book.orders().filter(isOver).forEach(forget);
  // Those that ended while this node was away.
  sweep();
  const stopSweeping = every(clock, limits.transactionLifetimeMs, sweep);
  const stopListening = ledger.onTask(({ orderId, phase }) => {
    if (phase === "done") forget(orderId);
  });
  return () => {
    stopSweeping();
    stopListening();
  };
}

async function readAll(folder: string): Promise<Map<OrderId, Kept>> {
  const kept = new Map<OrderId, Kept>();
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const message = name.endsWith(".dispatch") ? await readOne(path) : null;
    // Half-written at a crash, or damaged: the requester's node sends it again.
    if (message?.kind !== "dispatch") await rm(path, { force: true });
    else kept.set(message.orderId, { dispatch: message, since: (await stat(path)).mtimeMs });
  }
  return kept;
}

async function readOne(path: string): Promise<TaskMessage | null> {
  try {
    return taskMessage.decode(await readFile(path));
  } catch {
    return null;
  }
}
