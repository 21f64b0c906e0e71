import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { OrderId } from "@meshwork/foundation";
import { type Dispatch, type TaskMessage, type TaskRecord, taskMessage } from "@meshwork/protocol";

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
}

export async function openDispatchBook(folder: string): Promise<DispatchBook> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const known = await readAll(folder);
  return {
    get: (orderId) => known.get(orderId) ?? null,
    orders: () => [...known.keys()],
    async put(dispatch) {
      if (known.has(dispatch.orderId)) return;
      await writeDurably(folder, dispatch);
      known.set(dispatch.orderId, dispatch);
    },
    async delete(orderId) {
      if (known.delete(orderId)) await rm(join(folder, `${orderId}.dispatch`), { force: true });
    },
  };
}

/**
 * Forgets the dispatch of each order when its task is done: its data key opens nothing any more that
 * this node has to open. The result ends that.
 */
export function forgetFinished(
  book: Pick<DispatchBook, "orders" | "delete">,
  ledger: {
    task(orderId: OrderId): Pick<TaskRecord, "phase"> | null;
    onTask(listener: (task: TaskRecord) => void): () => void;
  },
  onError: (error: unknown) => void,
): () => void {
  const forget = (orderId: OrderId) => void book.delete(orderId).catch(onError);
  // Those that ended while this node was away.
  for (const orderId of book.orders()) if (ledger.task(orderId)?.phase === "done") forget(orderId);
  return ledger.onTask(({ orderId, phase }) => {
    if (phase === "done") forget(orderId);
  });
}

async function readAll(folder: string): Promise<Map<OrderId, Dispatch>> {
  const known = new Map<OrderId, Dispatch>();
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const message = name.endsWith(".dispatch") ? await readOne(path) : null;
    // Half-written at a crash, or damaged: the requester's node sends it again.
    if (message?.kind === "dispatch") known.set(message.orderId, message);
    else await rm(path, { force: true });
  }
  return known;
}

async function readOne(path: string): Promise<TaskMessage | null> {
  try {
    return taskMessage.decode(await readFile(path));
  } catch {
    return null;
  }
}

async function writeDurably(folder: string, dispatch: Dispatch): Promise<void> {
  const path = join(folder, `${dispatch.orderId}.dispatch`);
  const file = await open(`${path}.part`, "w", 0o600);
  try {
    await file.writeFile(taskMessage.encode(dispatch));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}
