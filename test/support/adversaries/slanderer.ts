import type { Adversary } from "../simulator/tactics.ts";
import { conviction } from "../simulator/toy-transaction.ts";

/** Accuses the honest of having signed twice: with votes that they did give, and with some that they did not. */
export const slanderer: Adversary = {
  tactics(node) {
    const { random } = node.world;
    return {
      receive(from, message) {
        if (message.kind === "vote" && node.world.isLying && random.chance(0.05)) {
          const { vote } = message;
          const { ballot, seat } = vote;
          const blockHash = ballot.kind === "X" ? null : ballot.blockHash;
          const made = { ...vote, ballot: { ...ballot, kind: "X", blockHash: null } } as const;
          const other = random.pick([
            vote,
            made,
            { ...vote, ballot: { ...ballot, view: ballot.view + 1, blockHash } },
          ]);
          const transactions = [conviction(from, { seat, first: vote, second: other })];
          for (const { name } of node.world.nodes)
            node.transmit(name, { kind: "transactions", transactions });
        }
        node.accept(from, message);
      },
    };
  },
};
