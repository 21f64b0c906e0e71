import type { Adversary } from "../simulator/tactics.ts";

/** Its clock is wrong by seconds or hours, and differently at every look. */
export const clockLiar: Adversary = {
  tactics(node) {
    const { random } = node.world;
    const worst = random.pick([1_900, 4_000, 60_000, 3_600_000]);
    return { clockOffset: () => random.between(-worst, worst) };
  },
};
