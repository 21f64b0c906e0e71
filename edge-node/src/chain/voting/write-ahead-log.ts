import type { LogRecord } from "@meshwork/consensus";
import { limits } from "@meshwork/foundation";
import {
  blockSchema,
  certificateSchema,
  justification,
  voteSchema,
  wire,
} from "@meshwork/protocol";
import { z } from "zod";
import { ChainError } from "../chain-error.ts";
import type { RecordLog } from "./record-log.ts";

const logRecord = wire(
  z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("vote"),
      vote: voteSchema,
      block: blockSchema.nullable(),
      justification: justification.nullable(),
    }),
    z.strictObject({ kind: z.literal("certificate"), certificate: certificateSchema }),
  ]),
  { name: "log record", maxBytes: limits.blockBytes + 2_097_152 },
);

/**
 * All that this seat has signed, and the certificates that moved it, at heights that are not final
 * yet, and at the greatest one, so that the log always tells how far back it remembers. A vote may leave
 * the process when its `append` has resolved, and not before.
 */
export class WriteAheadLog {
  readonly #log: RecordLog;
  /** What must survive, by height, as it stands in the file. */
  readonly #kept = new Map<number, Uint8Array[]>();

  /** @throws ChainError `LOG_DAMAGED` */
  constructor(log: RecordLog, records: readonly Uint8Array[]) {
    this.#log = log;
    for (const bytes of records) this.#keep(heightOf(parse(bytes)), bytes);
  }

  append(record: LogRecord): Promise<void> {
    const bytes = logRecord.encode(record);
    this.#keep(heightOf(record), bytes);
    return this.#log.append(bytes);
  }

  /** From this height on the log holds all that its key has signed; what was below may be forgotten. */
  get completeFrom(): number {
    return this.#kept.size === 0 ? 0 : Math.min(...this.#kept.keys());
  }

  /** In the order in which they were appended. */
  recordsOf(height: number): LogRecord[] {
    return (this.#kept.get(height) ?? []).map(parse);
  }

  /** To be called when the block of `height` is durable: nothing up to it can be contradicted any more. */
  async prune(height: number): Promise<void> {
    const last = Math.max(...this.#kept.keys());
    for (const kept of this.#kept.keys())
      if (kept <= height && kept < last) this.#kept.delete(kept);
    if (this.#log.sizeBytes > limits.voteLogBytes)
      await this.#log.rewrite([...this.#kept.values()].flat());
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  #keep(height: number, bytes: Uint8Array): void {
    const records = this.#kept.get(height);
    if (records) records.push(bytes);
    else this.#kept.set(height, [bytes]);
  }
}

const heightOf = (record: LogRecord): number =>
  (record.kind === "vote" ? record.vote : record.certificate).ballot.height;

function parse(bytes: Uint8Array): LogRecord {
  try {
    return logRecord.decode(bytes);
  } catch (cause) {
    throw new ChainError(
      "LOG_DAMAGED",
      "the log of votes holds a record that checks but cannot be read: it was written by another version; start that one",
      { cause },
    );
  }
}
