import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ContentId, Digest, NodeId, OrderId } from "@meshwork/foundation";
import { type TaskMessageOf, taskMessage } from "@meshwork/protocol";
import { replaceFile } from "../chain/store/durable-file.ts";

/** What a worker says of his result: where it lies sealed, and the key that opens it. */
export interface Delivery {
  worker: NodeId;
  attempt: number;
  sealedOutput: ContentId;
  outputKey: Digest;
}

/**
 * The results that workers announced to this node and that it has not opened yet, one file each. The
 * worker is told that his letter has arrived only when its key is durable here: so the result can be
 * fetched and opened whatever happens to this process. They hold output keys: the folder is the
 * owner's alone.
 */
export interface DeliveryBook {
  of(orderId: OrderId): readonly Delivery[];
  orders(): OrderId[];
  /** Durable when it resolves. A worker's later word replaces his earlier one. */
  put(orderId: OrderId, delivery: Delivery): Promise<void>;
  /** All that was announced for the order. */
  forget(orderId: OrderId): Promise<void>;
}

export async function openDeliveryBook(folder: string): Promise<DeliveryBook> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const known = await readAll(folder);
  const pathOf = (orderId: OrderId, worker: NodeId) => join(folder, `${orderId}.${worker}.result`);
  return {
    of: (orderId) => [...(known.get(orderId)?.values() ?? [])],
    orders: () => [...known.keys()],
    async put(orderId, delivery) {
      const { worker, ...said } = delivery;
      const message = { kind: "result", orderId, ...said } as const;
      await replaceFile(pathOf(orderId, worker), taskMessage.encode(message));
      known.set(orderId, (known.get(orderId) ?? new Map()).set(worker, delivery));
    },
    async forget(orderId) {
      const workers = [...(known.get(orderId)?.keys() ?? [])];
      known.delete(orderId);
      await Promise.all(workers.map((worker) => rm(pathOf(orderId, worker), { force: true })));
    },
  };
}

type Known = Map<OrderId, Map<NodeId, Delivery>>;

async function readAll(folder: string): Promise<Known> {
  const known: Known = new Map();
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const [orderId, worker] = name.split(".");
    const message = name.endsWith(".result") ? await readOne(path) : null;
    // Half-written at a crash: then nobody was told that it had arrived.
    if (message === null || message.orderId !== orderId || worker === undefined) {
      await rm(path, { force: true });
      continue;
    }
    const { attempt, sealedOutput, outputKey } = message;
    const delivery = { worker: worker as NodeId, attempt, sealedOutput, outputKey };
    known.set(
      message.orderId,
      (known.get(message.orderId) ?? new Map()).set(delivery.worker, delivery),
    );
  }
  return known;
}

async function readOne(path: string): Promise<TaskMessageOf<"result"> | null> {
  try {
    const message = taskMessage.decode(await readFile(path));
    return message.kind === "result" ? message : null;
  } catch {
    return null;
  }
}
