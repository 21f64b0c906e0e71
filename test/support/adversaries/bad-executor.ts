import type { Digest, NodeId } from "@meshwork/foundation";
import { hashText } from "../simulator/hash-text.ts";
import type { Adversary } from "../simulator/tactics.ts";
import { toyTransaction } from "../simulator/toy-transaction.ts";

/** Leads with blocks that do not execute: a transaction out of turn, or a state that does not follow. */
export const badExecutor: Adversary = {
  tactics: ({ world }) => ({
    application: (ledger) => ({
      hashOf: (block) => ledger.hashOf(block),
      checkBlock: (block) => ledger.checkBlock(block),
      demand: (now) => ledger.demand(now),
      buildBlock(at) {
        const block = ledger.buildBlock(at);
        if (block === null) return null;
        if (world.random.chance(0.5)) {
          const stateRoot = hashText(`not ${block.header.stateRoot}`) as Digest;
          return { ...block, header: { ...block.header, stateRoot } };
        }
        const { view, time } = block.header;
        return ledger.blockOf([toyTransaction("c0" as NodeId, 1_000_000)], { view, time });
      },
    }),
  }),
};
