import type { NodeId } from "@meshwork/foundation";
import type { ConsensusMessage } from "@meshwork/protocol";
import type { SimulatedNode } from "./node.ts";
import type { NetworkFaults } from "./scenario.ts";
import type { World } from "./world.ts";

interface Question<T> {
  readonly by?: SimulatedNode | null;
  readonly of: SimulatedNode;
  readonly question: () => T;
  readonly onAnswer: (answer: T) => void;
}

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

  get isHealed(): boolean {
    return this.#isHealed;
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

  /** A question to one node, and its answer, if both get through. Null: asked from outside. */
  ask<T>({ by = null, of, question, onAnswer }: Question<T>): void {
    this.messages++;
    this.#carry(by, of, () => {
      if (!of.isUp || (!of.isHonest && !this.#world.isLying)) return;
      const answer = question();
      this.#carry(of, by, () => onAnswer(answer));
    });
  }

  #carry(from: SimulatedNode | null, to: SimulatedNode | null, arrive: () => void): void {
    const { agenda, random } = this.#world;
    const { drop, delay, healed } = this.#faults;
    const [least, spread] = this.#isHealed ? healed : delay;
    if (!this.#isHealed && (this.#isCut(from, to) || random.chance(drop))) return;
    agenda.after(least + random.next() * spread, arrive);
  }

  #isCut(from: SimulatedNode | null, to: SimulatedNode | null): boolean {
    if (this.#partition === null || from === null || to === null) return false;
    return this.#partition.get(from) !== this.#partition.get(to);
  }

  #deliverPerhaps(from: SimulatedNode, to: SimulatedNode, message: ConsensusMessage): void {
    const { random } = this.#world;
    const { drop, duplicate, delay } = this.#faults;
    if (this.#isCut(from, to) || random.chance(drop)) return;
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
