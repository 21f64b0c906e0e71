import type { LogRecord } from "@meshwork/consensus";
import type { Disk } from "./disk.ts";

export interface JournalParts {
  readonly disk: Disk;
  readonly syncMs: () => number;
  /** Not run any more once the machine has crashed. */
  readonly after: (delayMs: number, act: () => void) => void;
  readonly sendsBeforeSync: boolean;
}

/** The log and what waits for it: nothing leaves the machine before what it rests on is durable. */
export class Journal {
  readonly #parts: JournalParts;
  #isSyncing = false;
  #outbox: { readonly after: number; readonly act: () => void }[] = [];

  constructor(parts: JournalParts) {
    this.#parts = parts;
  }

  append(record: LogRecord): void {
    this.#parts.disk.append(record);
    if (!this.#isSyncing) this.#sync();
  }

  whenDurable(act: () => void): void {
    const { disk, sendsBeforeSync } = this.#parts;
    const isFree = this.#outbox.length === 0 && disk.appended === disk.durable;
    if (isFree || sendsBeforeSync) act();
    else this.#outbox.push({ after: disk.appended, act });
  }

  /** The machine is down: what waited is gone. */
  crash(): void {
    this.#outbox = [];
    this.#isSyncing = false;
  }

  /** One sync at a time; what is appended meanwhile waits for the next. */
  #sync(): void {
    const { disk, after, syncMs } = this.#parts;
    this.#isSyncing = true;
    const upTo = disk.appended;
    after(syncMs(), () => {
      disk.sync(upTo);
      this.#flush();
      if (disk.appended > disk.durable) this.#sync();
      else this.#isSyncing = false;
    });
  }

  #flush(): void {
    const { disk } = this.#parts;
    for (let next = this.#outbox[0]; next && next.after <= disk.durable; next = this.#outbox[0]) {
      this.#outbox.shift();
      next.act();
    }
  }
}
