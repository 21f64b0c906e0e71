import { rename } from "node:fs/promises";
import { codeOf, limits, type TransactionId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import {
  type Transaction,
  transactionBytes,
  transactionIdOf,
  transaction as transactionWire,
} from "@meshwork/protocol";
import type { ChainError } from "../chain-error.ts";
import type { DiskSpace } from "../store/disk-space.ts";
import { openRecordLog, type RecordLog } from "../voting/record-log.ts";

/** The transactions that were handed in here and are neither on the ledger nor void, so that a restart loses none. */
export interface MempoolJournal {
  /** Resolves once it is on disk; those of one turn share a sync. */
  add(transaction: Transaction): Promise<void>;
  /** It has ended: how, the ledger tells. */
  remove(id: TransactionId): void;
  /** Why nothing can be written now, or null. */
  readonly trouble: ChainError | null;
  close(): Promise<void>;
}

/**
 * Opens the journal of an earlier start, or a new one. What it held is to be handed in anew: the ledger
 * says what has become of it meanwhile. A journal that is damaged is put aside, for a node must start.
 */
export async function openMempoolJournal(
  path: string,
  { space, log }: { space: DiskSpace; log: Log },
): Promise<{ journal: MempoolJournal; transactions: Transaction[] }> {
  const { log: file, records } = await openOrPutAside(path, { space, log });
  const journal = new Journal({ file, space, log });
  const transactions = records.flatMap((bytes) => readOrSkip(bytes, log));
  for (const [i, transaction] of transactions.entries())
    journal.keep(transaction, records[i] ?? transactionBytes(transaction));
  return { journal, transactions };
}

async function openOrPutAside(path: string, { space, log }: { space: DiskSpace; log: Log }) {
  try {
    return await openRecordLog(path, space);
  } catch (error) {
    if (!UNREADABLE.has(codeOf(error))) throw error;
    const aside = `${path}.damaged`;
    await rename(path, aside);
    log.error("the journal of transactions is damaged: those that were handed in may be lost", {
      aside,
      error,
    });
    return openRecordLog(path, space);
  }
}
const UNREADABLE = new Set(["LOG_DAMAGED", "LOG_UNKNOWN_FORMAT"]);

function readOrSkip(bytes: Uint8Array, log: Log): Transaction[] {
  try {
    return [transactionWire.decode(bytes)];
  } catch (error) {
    log.warn("a transaction of an earlier version is not handed in again", { error });
    return [];
  }
}

class Journal implements MempoolJournal {
  readonly #parts: { file: RecordLog; space: DiskSpace; log: Log };
  readonly #kept = new Map<TransactionId, Uint8Array>();
  #keptBytes = 0;
  #isRewriting = false;
  /** The file holds some that have ended. */
  #hasEnded = false;

  constructor(parts: { file: RecordLog; space: DiskSpace; log: Log }) {
    this.#parts = parts;
  }

  get trouble(): ChainError | null {
    return this.#parts.space.trouble;
  }

  add(transaction: Transaction): Promise<void> {
    const bytes = transactionBytes(transaction);
    this.keep(transaction, bytes);
    return this.#parts.file.append(bytes);
  }

  keep({ unsigned }: Transaction, bytes: Uint8Array): void {
    this.remove(transactionIdOf(unsigned));
    this.#kept.set(transactionIdOf(unsigned), bytes);
    this.#keptBytes += bytes.length;
  }

  remove(id: TransactionId): void {
    this.#keptBytes -= this.#kept.get(id)?.length ?? 0;
    if (this.#kept.delete(id)) this.#hasEnded = true;
    const { sizeBytes } = this.#parts.file;
    const isMostlyOver = sizeBytes > limits.mempoolJournalBytes && sizeBytes > 2 * this.#keptBytes;
    if (isMostlyOver && !this.#isRewriting) void this.#rewrite();
  }

  /** What has ended is not read again at the next start. */
  async close(): Promise<void> {
    if (this.#hasEnded && !this.#isRewriting) await this.#rewrite();
    await this.#parts.file.close();
  }

  async #rewrite(): Promise<void> {
    this.#isRewriting = true;
    this.#hasEnded = false;
    try {
      await this.#parts.file.rewrite([...this.#kept.values()]);
    } catch (error) {
      this.#parts.log.error("the journal of transactions cannot be shortened", { error });
    } finally {
      this.#isRewriting = false;
    }
  }
}
