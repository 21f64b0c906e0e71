import type { Committee } from "@meshwork/consensus";
import type { NodeId } from "@meshwork/foundation";
import type { Scenario } from "./scenario.ts";
import { SeededRandom } from "./seeded-random.ts";

/** Who sits when: a new committee each epoch, at most f seats changed, the order shuffled anew. */
export class Committees {
  readonly everyone: readonly NodeId[];
  readonly #scenario: Scenario;
  readonly #epochs: { readonly members: readonly NodeId[]; readonly order: readonly number[] }[] =
    [];

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.everyone = Array.from(
      { length: scenario.seats + scenario.spares },
      (_, i) => `n${i}` as NodeId,
    );
  }

  epochOf(height: number): number {
    return Math.floor((height - 1) / this.#scenario.heightsPerEpoch);
  }

  at(height: number, name: NodeId): Committee {
    const epoch = this.epochOf(height);
    const { members, order } = this.#epoch(epoch);
    const seat = members.indexOf(name);
    return { epoch, members, order, seat: seat < 0 ? null : seat };
  }

  members(epoch: number): readonly NodeId[] {
    return epoch >= 0 && epoch < 10_000 ? this.#epoch(epoch).members : [];
  }

  #epoch(number: number) {
    for (let next = this.#epochs.length; next <= number; next++)
      this.#epochs.push(this.#elect(next));
    const epoch = this.#epochs[number];
    if (epoch === undefined) throw new RangeError(`no epoch ${number}`);
    return epoch;
  }

  /** Up to f of the members make room for nodes that have no seat. */
  #elect(epoch: number) {
    const { seed, seats } = this.#scenario;
    const random = new SeededRandom(seed + 7_919 * (epoch + 1));
    const order = random.shuffled(Array.from({ length: seats }, (_, i) => i));
    const before = this.#epochs[epoch - 1]?.members;
    if (before === undefined) return { members: this.everyone.slice(0, seats), order };
    const outside = random.shuffled(this.everyone.filter((name) => !before.includes(name)));
    const leaving = order.slice(0, Math.min(outside.length, Math.floor((seats - 1) / 3)));
    const members = before.map((name, seat) => outside[leaving.indexOf(seat)] ?? name);
    return { members, order: random.shuffled(order) };
  }
}
