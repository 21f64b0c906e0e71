import { openBytes, sha256Hex } from "@meshwork/crypto";
import { codeOf, fromHex, limits, type NodeId, type OrderId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { TaskMessage, TaskRecord } from "@meshwork/protocol";
import { contentIdOf, contentIdOfDigest, type ObjectStore } from "@meshwork/storage";
import type { Pins } from "../data/pins.ts";
import type { Delivery, DeliveryBook } from "../mail/delivery-book.ts";
import type { Blobs, TaskLedger } from "../ports.ts";
import type { UnverifiedResult } from "./follow-task.ts";

export interface CollectParts {
  me: NodeId;
  ledger: Pick<TaskLedger, "task">;
  blobs: Pick<Blobs, "fetch">;
  results: Results;
  deliveries: DeliveryBook;
  /** Until the task is done, its results are not pushed out by others. */
  pins: Pick<Pins, "pin">;
  log: Log;
}

export interface CollectOptions {
  /** A result came, or could not be had. */
  onNews: (orderId: OrderId) => void;
  signal: AbortSignal;
}

/**
 * Plaintext results by their hash, which stands on the ledger for all to read: so they lie apart from
 * what this node serves to whoever names an address.
 */
export type Results = Pick<ObjectStore, "put" | "get" | "has">;

/**
 * Opens what workers deliver and keeps the plaintext by its hash, so that the result which the
 * ledger names later is at hand, also after a restart. Before the verdict it is one worker's word.
 */
export class ResultCollector {
  readonly #parts: CollectParts;
  readonly #options: CollectOptions;
  readonly #first = new Map<OrderId, UnverifiedResult>();
  readonly #underWay = new Map<OrderId, Promise<void>>();

  /** Begins with what was announced to an earlier process. */
  constructor(parts: CollectParts, options: CollectOptions) {
    this.#parts = parts;
    this.#options = options;
    for (const orderId of parts.deliveries.orders()) this.#collect(orderId);
  }

  /** The first result that came, unverified. */
  unverified(orderId: OrderId): UnverifiedResult | null {
    return this.#first.get(orderId) ?? null;
  }

  /** The key is durable when it resolves: then the worker may be told that his letter has come. */
  async onLetter(from: NodeId, message: TaskMessage): Promise<void> {
    const { me, ledger, deliveries } = this.#parts;
    const found = deliveryIn(from, message);
    const task = found && ledger.task(found.orderId);
    if (!found || task?.order.gateway !== me || !isWorker(task, from)) return;
    const { orderId, delivery } = found;
    const isKnown = deliveries
      .of(orderId)
      .some(
        ({ worker, sealedOutput }) => worker === from && sealedOutput === delivery.sealedOutput,
      );
    if (isKnown || (task.phase === "done" && (await this.#isAtHand(task)))) return;
    await deliveries.put(orderId, delivery);
    this.#collect(orderId);
  }

  /** What could not be opened when it was announced: its worker was away, or the disk was full. */
  retry(): void {
    const { ledger, deliveries } = this.#parts;
    for (const orderId of deliveries.orders())
      if (!this.#first.has(orderId) || ledger.task(orderId)?.phase === "done") this.seek(orderId);
  }

  /** The task is done, or its result was asked for and is not here: whoever has it may have come back. */
  seek(orderId: OrderId): void {
    if (!this.#underWay.has(orderId)) this.#collect(orderId);
  }

  /** One after the other: what is announced meanwhile is looked at afterwards. */
  #collect(orderId: OrderId): void {
    const last = this.#underWay.get(orderId) ?? Promise.resolve();
    const next = last
      .then(() => this.#openAll(orderId))
      .catch((error) => this.#parts.log.error("a result cannot be kept", { orderId, error }))
      .then(() => {
        if (this.#underWay.get(orderId) === next) this.#underWay.delete(orderId);
        this.#options.onNews(orderId);
      });
    this.#underWay.set(orderId, next);
  }

  /** The keys are forgotten as soon as the task is done and the result that it names is at hand. */
  async #openAll(orderId: OrderId): Promise<void> {
    const { ledger, deliveries } = this.#parts;
    const isOver = async () => {
      const task = ledger.task(orderId);
      return task?.phase === "done" && (await this.#isAtHand(task));
    };
    if (!(await isOver()))
      for (const delivery of deliveries.of(orderId)) await this.#open(orderId, delivery);
    if (!(await isOver())) return;
    this.#first.delete(orderId);
    await deliveries.forget(orderId);
  }

  async #open(orderId: OrderId, { worker, sealedOutput, outputKey }: Delivery): Promise<void> {
    const { blobs, results, pins, log } = this.#parts;
    const { signal } = this.#options;
    try {
      const sealed = await blobs.fetch(sealedOutput, {
        hints: [worker],
        maxBytes: limits.outputBytes + limits.sealOverheadBytes,
        signal,
      });
      const plaintext = openBytes(fromHex(outputKey), sealed);
      if (plaintext === null) {
        log.warn("a worker delivered a result that its key does not open", { orderId, worker });
        return;
      }
      pins.pin(orderId, contentIdOf(plaintext));
      await results.put(plaintext);
      const resultHash = sha256Hex(plaintext);
      if (!this.#first.has(orderId)) this.#first.set(orderId, { worker, resultHash });
    } catch (error) {
      if (signal.aborted) return;
      const code = codeOf(error);
      log.warn("a delivered result is not at hand yet", { orderId, worker, code, error });
    }
  }

  async #isAtHand({ conclusion }: TaskRecord): Promise<boolean> {
    const result = conclusion?.result ?? null;
    return result === null || this.#parts.results.has(contentIdOfDigest(result.resultHash));
  }
}

const isWorker = ({ workers }: TaskRecord, node: NodeId): boolean =>
  workers.some((place) => place.node === node);

/** A worker announces his result at once, and shows it again, with its key, after the close. */
function deliveryIn(
  worker: NodeId,
  message: TaskMessage,
): { orderId: OrderId; delivery: Delivery } | null {
  if (message.kind !== "result" && message.kind !== "reveal") return null;
  if (message.kind === "reveal" && message.reveal.worker !== worker) return null;
  const { orderId, attempt, outputKey } = message;
  const { sealedOutput } = message.kind === "result" ? message : message.reveal;
  return { orderId, delivery: { worker, attempt, sealedOutput, outputKey } };
}
