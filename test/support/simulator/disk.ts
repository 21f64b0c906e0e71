import type { LogRecord } from "@meshwork/consensus";
import type { Block, Certificate, ConsensusMessage } from "@meshwork/protocol";
import type { HandOver } from "./hand-over.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Snapshot } from "./snapshot.ts";
import { sitting } from "./toy-state.ts";

/** A log whose unsynced tail dies with the machine, a store of committed blocks, and a snapshot. */
export class Disk {
  /** Null: nothing was ever written, not even what the genesis says. */
  height: number | null = 0;
  /** The newest snapshot, as it would be handed to a newcomer. */
  snapshot: Snapshot | null = null;
  /** Of the block that this chain goes on from; the block itself is not here. */
  base: Certificate | null = null;
  readonly handOvers: HandOver[] = [];
  readonly #blocks = new Map<
    number,
    { readonly block: Block; readonly certificate: Certificate }
  >();
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

  /** Another disk is put in, with nothing on it. */
  replace(): void {
    this.height = null;
    this.snapshot = null;
    this.base = null;
    this.handOvers.length = 0;
    this.#blocks.clear();
    this.#synced = [];
    this.#tail = [];
    this.durable = this.appended;
  }

  records(height: number): readonly LogRecord[] {
    return this.#synced.filter((record) => heightOf(record) === height);
  }

  prune(height: number): void {
    this.#synced = this.#synced.filter((record) => heightOf(record) > height);
  }

  blockAt(height: number) {
    return this.#blocks.get(height);
  }

  /** How one who is behind is told; whoever signed the F of a block has it, and needs no more than the certificate. */
  decisionAt(height: number): ConsensusMessage | null {
    const entry = this.#blocks.get(height);
    if (entry !== undefined) return { kind: "finalized", ...entry };
    if (this.base?.ballot.height !== height) return null;
    return { kind: "certificate", certificate: this.base };
  }

  commit(block: Block, certificate: Certificate): void {
    this.height = block.header.height;
    this.#blocks.set(block.header.height, { block, certificate });
    this.prune(block.header.height);
  }

  /** Of what a block led to: the snapshot, when one is due, and the hand-over, when it was one. */
  keep({ header, certificate, state }: Omit<Snapshot, "handOvers">, snapshotEvery: number): void {
    if (header.height % snapshotEvery === 0)
      this.snapshot = { header, certificate, state, handOvers: [...this.handOvers] };
    const next = sitting(state);
    if (next.epoch > header.epoch) this.handOvers.push({ header, certificate, next });
  }

  /** Goes on from a snapshot: the blocks before it never come. */
  install(snapshot: Snapshot): void {
    this.height = snapshot.header.height;
    this.base = snapshot.certificate;
    this.handOvers.splice(0, Infinity, ...snapshot.handOvers);
    this.keep(snapshot, 1);
    this.prune(snapshot.header.height);
  }
}

export const heightOf = (record: LogRecord): number =>
  (record.kind === "vote" ? record.vote : record.certificate).ballot.height;
