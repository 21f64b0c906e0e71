import { type Clock, limits, type NodeId } from "@meshwork/foundation";
import { consensusMessageWire, type Transaction, transactionBytes } from "@meshwork/protocol";
import type { CommitteeLinks } from "../voting/committee-links.ts";

/** What was just sent is under way, not lost; a busy committee must not read it four times a second. */
const FIRST_AGAIN_MS = 500;
const LATEST_AGAIN_MS = 4_000;

/**
 * Brings what was handed in here to the committee: at once, and again until it is included or void, each
 * time a little later.
 */
export class TransactionSharing {
  readonly #links: Pick<CommitteeLinks, "send" | "broadcast">;
  readonly #waiting: () => readonly Transaction[];
  readonly #clock: Clock;
  #fresh: Transaction[] = [];
  /** When each was sent to all last, and how often. */
  readonly #sent = new WeakMap<Transaction, { at: number; times: number }>();

  /** @param waiting what the committee may not know of */
  constructor(
    links: Pick<CommitteeLinks, "send" | "broadcast">,
    waiting: () => readonly Transaction[],
    clock: Clock,
  ) {
    this.#links = links;
    this.#waiting = waiting;
    this.#clock = clock;
  }

  /** Those of one turn leave together. */
  add(transaction: Transaction): void {
    this.#note(transaction);
    if (this.#fresh.push(transaction) > 1) return;
    queueMicrotask(() => {
      for (const frame of transactionFrames(this.#fresh)) this.#links.broadcast(frame);
      this.#fresh = [];
    });
  }

  again(): void {
    const due = this.#waiting().filter((transaction) => this.#isDue(transaction));
    for (const transaction of due) this.#note(transaction);
    for (const frame of transactionFrames(due)) this.#links.broadcast(frame);
  }

  /** All that waits: this member has just come, or come back. */
  againTo(member: NodeId): void {
    for (const frame of transactionFrames(this.#waiting())) this.#links.send(member, frame);
  }

  #isDue(transaction: Transaction): boolean {
    const sent = this.#sent.get(transaction);
    if (!sent) return true;
    const pauseMs = Math.min(LATEST_AGAIN_MS, FIRST_AGAIN_MS * 2 ** (sent.times - 1));
    return this.#clock.monotonic() - sent.at >= pauseMs;
  }

  #note(transaction: Transaction): void {
    const times = (this.#sent.get(transaction)?.times ?? 0) + 1;
    this.#sent.set(transaction, { at: this.#clock.monotonic(), times });
  }
}

const PER_FRAME = 256;

/** Frames that bring these transactions to a committee member, each within a frame's bounds. */
function* transactionFrames(transactions: readonly Transaction[]): Generator<Uint8Array> {
  let batch: Transaction[] = [];
  let sizeBytes = 0;
  for (const one of transactions) {
    const size = transactionBytes(one).length;
    if (batch.length === PER_FRAME || sizeBytes + size > limits.blockBytes) {
      yield frameOf(batch);
      batch = [];
      sizeBytes = 0;
    }
    batch.push(one);
    sizeBytes += size;
  }
  if (batch.length > 0) yield frameOf(batch);
}

const frameOf = (transactions: Transaction[]): Uint8Array =>
  consensusMessageWire.encode({ kind: "transactions", transactions });
