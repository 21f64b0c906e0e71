import type { SimulatedNode } from "./node.ts";
import { genesisSeats } from "./seats.ts";
import { restore, type Snapshot } from "./snapshot.ts";

const ASK_AGAIN_MS = 700;

export interface NewcomerParts {
  readonly after: (delayMs: number, act: () => void) => void;
  /** Lets the replica go on from where the disk is. */
  readonly begin: () => void;
}

/** How a node with nothing on its disk, or far behind, comes in: by a snapshot from whomever. */
export class Newcomer {
  readonly #node: SimulatedNode;
  readonly #parts: NewcomerParts;

  constructor(node: SimulatedNode, parts: NewcomerParts) {
    this.#node = node;
    this.#parts = parts;
  }

  /** Asks one after the other, until one snapshot holds. */
  join(): void {
    if (this.#node.disk.height !== null) return;
    this.ask();
    this.#parts.after(ASK_AGAIN_MS, () => this.join());
  }

  ask(): void {
    const { generation, world } = this.#node;
    const of = world.random.pick(world.nodes.filter((node) => node !== this.#node));
    world.network.ask({
      by: this.#node,
      of,
      question: () => of.archive.snapshot(),
      onAnswer: (snapshot) => {
        if (this.#node.isUp && this.#node.generation === generation) this.#take(snapshot);
      },
    });
  }

  #take(snapshot: Snapshot | null): void {
    const { disk } = this.#node;
    if (snapshot !== null) this.#restore(snapshot);
    else if (disk.height === null) {
      // So early that nobody has one: the blocks will do.
      disk.height = 0;
      this.#parts.begin();
    }
  }

  #restore(snapshot: Snapshot): void {
    const { disk, ledger, world } = this.#node;
    const genesis = genesisSeats(world.scenario);
    const knownHeight = disk.height ?? 0;
    const head = restore(snapshot, { genesis, knownHeight, rules: world.trust });
    if (head === null) world.refused(this.#node);
    else {
      disk.install(snapshot);
      ledger.stand(head);
      world.joined(this.#node, snapshot);
      this.#parts.begin();
    }
  }
}
