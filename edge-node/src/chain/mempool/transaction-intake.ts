import { BoundedMap, type Clock, limits, type NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { Transaction } from "@meshwork/protocol";
import type { RememberedChecks } from "../store/remembered-checks.ts";
import type { Mempool } from "./mempool.ts";
import { type SignaturePool, WORTH_A_THREAD } from "./signature-pool.ts";

export interface TransactionIntakeParts {
  mempool: Pick<Mempool, "receive" | "worthChecking">;
  checks: Pick<RememberedChecks, "prepare">;
  pool: Pick<SignaturePool, "verify">;
  clock: Clock;
  log: Log;
  /** A peer that has brought too many forgeries. @default it is only not listened to */
  onForger?: (peer: NodeId) => void;
}

interface Bringer {
  /** What it brought and is not looked at yet; the first is under way. */
  readonly waiting: (readonly Transaction[])[];
  /** When, in the last minute. */
  forgeries: number[];
  mutedUntil: number;
}

/** So many are looked at before a peer's forgeries are counted: what a liar can cost at once. */
const AT_ONCE = 64;

/**
 * The way of a peer's transactions into the pool. Many signatures are checked by threads, and what one
 * peer brings keeps its order. Who brings forgeries is soon not listened to any more: no honest node
 * passes on what it has not checked.
 */
export class TransactionIntake {
  readonly #parts: TransactionIntakeParts;
  readonly #bringers = new BoundedMap<NodeId, Bringer>(limits.intakePeers);

  constructor(parts: TransactionIntakeParts) {
    this.#parts = parts;
  }

  receive(from: NodeId, transactions: readonly Transaction[]): void {
    const bringer = this.#bringer(from);
    if (this.#isMuted(bringer) || bringer.waiting.length >= limits.intakeFrames) return;
    bringer.waiting.push(transactions);
    if (bringer.waiting.length === 1) void this.#drain(from, bringer);
  }

  #bringer(peer: NodeId): Bringer {
    const known = this.#bringers.get(peer);
    if (known) return known;
    const bringer: Bringer = { waiting: [], forgeries: [], mutedUntil: 0 };
    this.#bringers.set(peer, bringer);
    return bringer;
  }

  #isMuted({ mutedUntil }: Bringer): boolean {
    return mutedUntil > this.#parts.clock.monotonic();
  }

  /** Without a pause while there is nothing for threads to do: then it is done when `receive` returns. */
  async #drain(from: NodeId, bringer: Bringer): Promise<void> {
    for (const { waiting } = bringer; waiting[0]; waiting.shift()) {
      const transactions = waiting[0];
      for (let at = 0; at < transactions.length && !this.#isMuted(bringer); at += AT_ONCE) {
        const some = transactions.slice(at, at + AT_ONCE);
        const worth = this.#parts.mempool.worthChecking(from, some);
        const good = worth.length < WORTH_A_THREAD ? some : await this.#checked(some, worth);
        const forged = some.length - good.length + this.#parts.mempool.receive(from, good);
        if (forged > 0) this.#count(from, bringer, forged);
      }
    }
  }

  async #checked(
    some: readonly Transaction[],
    worth: Parameters<RememberedChecks["prepare"]>[1],
  ): Promise<readonly Transaction[]> {
    const forged = await this.#parts.checks.prepare(this.#parts.pool, worth);
    return forged.size === 0 ? some : some.filter((transaction) => !forged.has(transaction));
  }

  #count(from: NodeId, bringer: Bringer, forged: number): void {
    const { clock, log, onForger } = this.#parts;
    const now = clock.monotonic();
    const recent = bringer.forgeries.filter((at) => now - at < limits.forgeryMemoryMs);
    bringer.forgeries = [...recent, ...Array.from({ length: forged }, () => now)];
    if (bringer.forgeries.length <= limits.forgeries) return;
    bringer.forgeries = [];
    bringer.mutedUntil = now + limits.forgeryMemoryMs;
    log.warn("a peer brings forged transactions: it is not listened to for a while", { from });
    onForger?.(from);
  }
}
