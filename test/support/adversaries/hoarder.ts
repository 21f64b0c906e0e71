import type { Adversary } from "../simulator/tactics.ts";

/** Takes transactions in and passes none on: leads with empty blocks where it may, else not at all. */
export const hoarder: Adversary = {
  tactics: (node) => ({
    send(to, message) {
      if (message.kind !== "transactions") node.transmit(to, message);
    },
    application: (ledger) => ({
      hashOf: (block) => ledger.hashOf(block),
      checkBlock: (block) => ledger.checkBlock(block),
      demand: (now) => ledger.demand(now),
      buildBlock: ({ view, now }) =>
        view === 0 ? null : ledger.blockOf([], { view, time: Math.max(now, ledger.head.time + 1) }),
    }),
  }),
};
