import type { NodeId } from "@meshwork/foundation";
import type { ConsensusMessage } from "@meshwork/protocol";
import type { SimulatedNode } from "./node.ts";
import type { NetworkFaults } from "./scenario.ts";
import type { World } from "./world.ts";

/** Drops, delays, doubles and reorders until it heals; then only delays. */
export class Network {
  messages = 0;
  #partition: Map<SimulatedNode, number> | null = null;
  #isHealed = false;
  readonly #world: World;
  readonly #faults: NetworkFaults;

  constructor(world: World, faults: NetworkFaults) {
    this.#world = world;
    this.#faults = faults;
  }

  /** Splits the nodes, each alone by chance, into groups that do not hear each other. */
  split(groups: number): void {
    const { nodes, random } = this.#world;
    this.#partition = new Map(nodes.map((node) => [node, random.int(groups)]));
  }

  join(): void {
    this.#partition = null;
  }

  heal(): void {
    this.#isHealed = true;
    this.join();
  }

  /** To every body that goes by the name, but the sender itself. */
  send(from: SimulatedNode, to: NodeId, message: ConsensusMessage): void {
    for (const body of this.#world.bodiesOf(to)) {
      if (body === from) continue;
      this.messages++;
      if (this.#isHealed) this.#deliver(from, body, message, this.#faults.healed);
      else this.#deliverPerhaps(from, body, message);
    }
  }

  #deliverPerhaps(from: SimulatedNode, to: SimulatedNode, message: ConsensusMessage): void {
    const { random } = this.#world;
    const { drop, duplicate, delay } = this.#faults;
    if (this.#partition !== null && this.#partition.get(from) !== this.#partition.get(to)) return;
    if (random.chance(drop)) return;
    this.#deliver(from, to, message, delay);
    if (random.chance(duplicate)) this.#deliver(from, to, message, delay);
  }

  #deliver(
    from: SimulatedNode,
    to: SimulatedNode,
    message: ConsensusMessage,
    [least, spread]: readonly [number, number],
  ): void {
    const delayMs = least + this.#world.random.next() * spread;
    this.#world.agenda.after(delayMs, () => to.receive(from.name, message));
  }
}
