import {
  type Clock,
  type Digest,
  every,
  limits,
  type NodeId,
  type OrderId,
} from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { TaskMessage, TaskRecord } from "@meshwork/protocol";
import { contentIdOfDigest } from "@meshwork/storage";
import type { Chain } from "../chain/store/chain.ts";
import type { LedgerClient } from "../ledger-client.ts";
import type { DeliveryBook } from "../mail/delivery-book.ts";
import type { DispatchBook } from "../mail/dispatch-book.ts";
import type { Blobs, TaskMail } from "../ports.ts";
import type { TaskSecrets } from "../task-secrets.ts";
import { createWatch } from "../watch.ts";
import { buildReceipt } from "./build-receipt.ts";
import { type CollectParts, ResultCollector, type Results } from "./collect-result.ts";
import { createDispatcher } from "./dispatch.ts";
import { type TaskView, type UnverifiedResult, viewTask } from "./follow-task.ts";
import { type PlacedOrder, type PlaceOrderParts, placeOrder } from "./place-order.ts";

export interface RequesterParts {
  me: NodeId;
  chain: Chain;
  ledger: LedgerClient;
  mail: TaskMail;
  blobs: Blobs;
  files: PlaceOrderParts["files"];
  results: Results;
  dispatches: DispatchBook;
  deliveries: DeliveryBook;
  pins: CollectParts["pins"];
  secrets: TaskSecrets;
  submit: PlaceOrderParts["submit"];
  clock: Clock;
  log: Log;
}

export interface UnverifiedOutput extends UnverifiedResult {
  bytes: Uint8Array;
}

/** The side of a node that orders work for others: a gateway's whole business. */
export interface Requester {
  place(order: PlacedOrder, signal: AbortSignal): Promise<OrderId>;
  view(orderId: OrderId): TaskView | null;
  /** The present view and then every change, until the task is done. Views are whole. */
  watch(orderId: OrderId, signal: AbortSignal): AsyncGenerator<{ height: number; view: TaskView }>;
  /** The plaintext of the concluded result. */
  output(orderId: OrderId): Promise<Uint8Array | null>;
  unverifiedOutput(orderId: OrderId): Promise<UnverifiedOutput | null>;
  receipt(orderId: OrderId): Promise<Uint8Array | null>;
  /** Called whenever a view has changed; what it gives ends that. */
  onNews(listener: (orderId: OrderId) => void): () => void;
  /** Called by the node upon each letter about a task; its sender is told when this resolves. */
  onLetter(letter: { from: NodeId; message: TaskMessage }): Promise<void>;
}

export function createRequester(parts: RequesterParts, signal: AbortSignal): Requester {
  const { chain, ledger, mail, results, log } = parts;
  const news = createWatch<OrderId>();
  const listeners = new Set<(orderId: OrderId) => void>();
  const tell = (orderId: OrderId) => {
    news.notify(orderId);
    for (const listener of listeners) listener(orderId);
  };
  const dispatcher = createDispatcher(parts);
  const collector = new ResultCollector(parts, { onNews: tell, signal });
  const stopRetrying = every(parts.clock, limits.deliveryRetryMs, () => collector.retry());
  signal.addEventListener("abort", stopRetrying, { once: true });
  const isMine = (task: TaskRecord) => task.order.gateway === parts.me;

  ledger.onTask((task) => {
    if (isMine(task)) dispatcher.onTask(task);
    if (isMine(task) && task.phase === "done") collector.seek(task.orderId);
    tell(task.orderId);
  });

  /** A result that is damaged here is not at hand. */
  const plaintextOf = (resultHash: Digest): Promise<Uint8Array | null> =>
    results.get(contentIdOfDigest(resultHash)).catch((error) => {
      log.warn("a result that was kept cannot be read", { resultHash, error });
      return null;
    });

  const view = (orderId: OrderId): TaskView | null => {
    const record = ledger.task(orderId);
    if (record === null) return null;
    const progress = mail
      .received(orderId, "progress")
      .map(({ from, message }) => ({ worker: from, ...pick(message) }));
    return viewTask(record, { progress, result: collector.unverified(orderId) });
  };

  return {
    place: (order, until) => placeOrder(parts, order, until),
    view,
    watch: (orderId, until) => follow({ orderId, view, news, chain }, until),
    async output(orderId) {
      const result = ledger.task(orderId)?.conclusion?.result ?? null;
      const bytes = result && (await plaintextOf(result.resultHash));
      if (result && bytes === null) collector.seek(orderId);
      return bytes;
    },
    async unverifiedOutput(orderId) {
      const first = collector.unverified(orderId);
      const bytes = first && (await plaintextOf(first.resultHash));
      return first && bytes && { ...first, bytes };
    },
    receipt: (orderId) => buildReceipt(chain, orderId),
    onNews(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async onLetter({ from, message }) {
      if (message.kind === "progress") tell(message.orderId);
      await collector.onLetter(from, message);
    },
  };
}

const pick = ({ stepsDone, steps }: { stepsDone: number; steps: number }) => ({ stepsDone, steps });

interface Followed {
  orderId: OrderId;
  view(orderId: OrderId): TaskView | null;
  news: ReturnType<typeof createWatch<OrderId>>;
  chain: Pick<Chain, "head">;
}

/** A reader that is slow skips what was overtaken meanwhile: each view is whole. */
async function* follow({ orderId, view, news, chain }: Followed, signal: AbortSignal) {
  let last = "";
  for (;;) {
    const next = await news.until(
      orderId,
      () => {
        const seen = view(orderId);
        const text = JSON.stringify(seen, (_, value) =>
          typeof value === "bigint" ? String(value) : value,
        );
        if (seen === null || text === last) return null;
        last = text;
        return { height: chain.head.height, view: seen };
      },
      signal,
    );
    yield next;
    if (next.view.kind === "done") return;
  }
}
