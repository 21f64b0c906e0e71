import type { HeaderProof } from "./archive.ts";
import { followHandOvers, isFinal } from "./hand-over.ts";
import { genesisSeats, type Seats } from "./seats.ts";
import type { World } from "./world.ts";

const POLL_MS = 900;

/** Knows the genesis and nothing else, asks whomever, and believes what a committee has signed. */
export class LightClient {
  readonly name: string;
  height = 0;
  believed = 0;
  /** Proofs that did not hold, or were of the past. */
  refused = 0;
  #seats: Seats;
  readonly #world: World;

  constructor(world: World, index: number) {
    this.#world = world;
    this.name = `l${index}`;
    this.#seats = genesisSeats(world.scenario);
  }

  start(): void {
    const { agenda, random } = this.#world;
    agenda.after(random.int(POLL_MS), () => this.#poll());
  }

  #poll(): void {
    const { agenda, network, nodes, random } = this.#world;
    const node = random.pick(nodes);
    network.ask({
      of: node,
      question: () => node.archive.newest(this.#seats.epoch),
      onAnswer: (proof) => proof !== null && this.#take(proof),
    });
    agenda.after(random.between(POLL_MS / 2, POLL_MS), () => this.#poll());
  }

  #take(proof: HeaderProof): void {
    const { trust } = this.#world;
    const { header, handOvers } = proof;
    const seats = followHandOvers(this.#seats, handOvers, trust);
    if (header.height === this.height) return;
    const isBelieved =
      seats !== null && trust.isNewer(header, this.height) && isFinal(proof, seats, trust);
    if (!isBelieved) {
      this.refused++;
      return;
    }
    this.#seats = seats;
    this.height = header.height;
    this.believed++;
    this.#world.followed(this, header);
  }
}
