import type { Points } from "@meshwork/foundation";
import { type SeededDraw, seededDraw, type TaskRecord } from "@meshwork/protocol";
import { nextOwedTime } from "../demand.ts";
import { ONE } from "../reputation.ts";
import { Actors, type Conduct } from "./actors.ts";
import { seededDigest } from "./members.ts";
import { TestNetwork } from "./network.ts";

/**
 * A history that chance writes: tasks that overlap, nodes that decline, fall silent, vanish, lie and
 * hide, time that runs and jumps, views that fail. The same seed writes the same history.
 */
export class History {
  readonly network: TestNetwork;
  readonly actors: Actors;
  readonly #draw: SeededDraw;

  constructor(seed: string) {
    const draw = seededDraw(seededDigest(seed));
    this.#draw = draw;
    this.network = new TestNetwork({
      members: 7 + draw(5),
      standing: draw(25),
      policy: {
        auditFloor: draw(ONE + 1),
        probationShare: draw(2) === 0 ? 6_554 : ONE,
        operatorCap: draw(3),
        pricePerGigafuel: BigInt(draw(100_000)) as Points,
        burnShare: draw(ONE + 1),
        verifierShare: draw(ONE + 1),
        drawFactor: 1 + draw(3),
        suspensionMs: 1 + draw(100_000),
      },
    });
    this.actors = new Actors(this.network, (id, orderId) => {
      const { name } = this.network.memberOf(id);
      const chance = seededDraw(seededDigest(`${seed}/${orderId}/${name}`));
      return conducts[chance(conducts.length)] as Conduct;
    });
  }

  /** Makes so many blocks; `after` looks at each. */
  run(blocks: number, after: (network: TestNetwork) => void = () => {}): void {
    for (let i = 0; i < blocks; i++) {
      if (this.#draw(3) === 0) this.#order();
      this.#act();
      this.#step();
      after(this.network);
    }
  }

  /** No more orders: makes blocks until every task is done. */
  end(): void {
    for (let rounds = 0; this.#open().length > 0; rounds++) {
      this.#act();
      this.#step();
      if (rounds > 500) throw new Error(`${this.#open()[0]?.orderId} hangs`);
    }
  }

  #open(): TaskRecord[] {
    return [...this.network.state.all("task")].filter((task) => task.phase !== "done");
  }

  #act(): void {
    for (const task of this.#open()) if (this.#draw(4) > 0) this.actors.act(task);
  }

  #order(): void {
    const replicas = 1 + this.#draw(3);
    this.actors.send({
      policy: {
        replicas,
        verifiers: 1 + this.#draw(5),
        segmentsPerVerifier: 1 + this.#draw(10),
        auditRate: this.#draw(ONE + 1),
      },
      priceCeiling: BigInt(replicas + this.#draw(2_000)) as Points,
    });
  }

  /** Now at once, now when the ledger wants a block, now and then after a long sleep. */
  #step(): void {
    const { network } = this;
    const owed = nextOwedTime(network.state) - network.header.time;
    const soon = 1 + this.#draw(50);
    const elapsedMs = [soon, soon, soon, owed, owed + this.#draw(90_000)][this.#draw(5)] ?? soon;
    // A view that failed may bring an empty block; what a deadline has overtaken is refused.
    network.step({ elapsedMs, view: 1 + this.#draw(3), mayRefuse: true });
  }
}

/** Mostly honest, so that some tasks come to something. */
const conducts: Conduct[] = [
  ...Array<Conduct>(12).fill("honest"),
  "declines",
  "silent",
  "vanishes",
  "lies",
  "lies",
  "lies",
  "lies",
  "hides",
];
