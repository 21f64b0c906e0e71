import type { LogRecord } from "@meshwork/consensus";
import type { Block, Certificate } from "@meshwork/protocol";
import type { SeededRandom } from "./seeded-random.ts";

/** A log whose unsynced tail dies with the machine, and a store of committed blocks. */
export class Disk {
  readonly chain: { readonly block: Block; readonly certificate: Certificate }[] = [];
  #synced: LogRecord[] = [];
  #tail: LogRecord[] = [];
  /** Records ever appended, and of these the ones that are durable. */
  appended = 0;
  durable = 0;

  append(record: LogRecord): void {
    this.#tail.push(record);
    this.appended++;
  }

  /** A sync that began when `appended` was `upTo` has come back. */
  sync(upTo: number): void {
    this.#synced.push(...this.#tail.splice(0, upTo - this.durable));
    this.durable = upTo;
  }

  /** Power off: of what was not synced an unknown part reached the platter, in order. */
  crash(random: SeededRandom): void {
    this.#synced.push(...this.#tail.slice(0, random.int(this.#tail.length + 1)));
    this.#tail = [];
    this.durable = this.appended;
  }

  records(height: number): readonly LogRecord[] {
    return this.#synced.filter((record) => heightOf(record) === height);
  }

  prune(height: number): void {
    this.#synced = this.#synced.filter((record) => heightOf(record) > height);
  }

  commit(block: Block, certificate: Certificate): void {
    this.chain.push({ block, certificate });
    this.prune(block.header.height);
  }
}

export const heightOf = (record: LogRecord): number =>
  (record.kind === "vote" ? record.vote : record.certificate).ballot.height;
