import { limits, type NodeId } from "@meshwork/foundation";
import { consensusMessageWire, type Transaction, transactionBytes } from "@meshwork/protocol";
import type { CommitteeLinks } from "./committee-links.ts";

/** Brings what was handed in here to the committee: at once, and again until it is included or void. */
export class TransactionSharing {
  readonly #links: Pick<CommitteeLinks, "send" | "broadcast">;
  readonly #waiting: () => readonly Transaction[];
  #fresh: Transaction[] = [];

  /** @param waiting what the committee may not know of */
  constructor(
    links: Pick<CommitteeLinks, "send" | "broadcast">,
    waiting: () => readonly Transaction[],
  ) {
    this.#links = links;
    this.#waiting = waiting;
  }

  /** Those of one turn leave together. */
  add(transaction: Transaction): void {
    if (this.#fresh.push(transaction) > 1) return;
    queueMicrotask(() => {
      for (const frame of transactionFrames(this.#fresh)) this.#links.broadcast(frame);
      this.#fresh = [];
    });
  }

  again(): void {
    for (const frame of transactionFrames(this.#waiting())) this.#links.broadcast(frame);
  }

  againTo(member: NodeId): void {
    for (const frame of transactionFrames(this.#waiting())) this.#links.send(member, frame);
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
