import type { Adversary } from "../simulator/tactics.ts";

/** Its clock is wrong by seconds or hours, differently at every look; its blocks' times follow it. */
export const clockLiar: Adversary = {
  tactics(node) {
    const { random } = node.world;
    const worst = random.pick([1_900, 4_000, 60_000, 3_600_000]);
    return {
      clockOffset: () => random.between(-worst, worst),
      application: (ledger) => ({
        hashOf: (block) => ledger.hashOf(block),
        checkBlock: (block) => ledger.checkBlock(block),
        demand: (now) => ledger.demand(now),
        buildBlock(at) {
          const block = ledger.buildBlock(at);
          const { view, now: time } = at;
          return block && ledger.blockOf(block.transactions, { view, time });
        },
      }),
    };
  },
};
