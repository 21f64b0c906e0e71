import type { SeededDraw } from "@meshwork/protocol";

/** All of them in an order that chance makes: without replacement, with chance linear in weight. */
export function permuted<T>(weights: ReadonlyMap<T, bigint>, draw: SeededDraw): T[] {
  const names = [...weights.keys()];
  const left = new SumTree(scaled([...weights.values()]));
  return names.map(() => names[left.take(draw(left.total))] as T);
}

/** Below 2^53 in sum, so that they are whole numbers; who has a weight keeps one. */
function scaled(weights: readonly bigint[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  const shift = BigInt(Math.max(0, total.toString(2).length - 52));
  return weights.map((weight) => Math.max(1, Number(weight >> shift)));
}

/**
 * Finds by cumulative weight in few steps: of twenty thousand nodes each may be drawn. A node of the tree
 * holds the sum of its two children, 2i and 2i + 1; the weights are its leaves.
 */
class SumTree {
  readonly #sums: number[];
  readonly #leaves: number;

  constructor(weights: readonly number[]) {
    let leaves = 1;
    while (leaves < weights.length) leaves *= 2;
    this.#leaves = leaves;
    this.#sums = Array<number>(2 * leaves).fill(0);
    for (const [i, weight] of weights.entries()) this.#sums[leaves + i] = weight;
    for (let i = leaves - 1; i > 0; i--) this.#sums[i] = this.#sum(2 * i) + this.#sum(2 * i + 1);
  }

  get total(): number {
    return this.#sum(1);
  }

  /** The index of the weight in which this point of 0 to the total lies; it is taken out. */
  take(point: number): number {
    let before = point;
    let at = 1;
    while (at < this.#leaves) {
      at *= 2;
      if (before < this.#sum(at)) continue;
      before -= this.#sum(at);
      at += 1;
    }
    const weight = this.#sum(at);
    for (let i = at; i > 0; i = Math.floor(i / 2)) this.#sums[i] = this.#sum(i) - weight;
    return at - this.#leaves;
  }

  #sum(at: number): number {
    return this.#sums[at] as number;
  }
}
