import type { Vote } from "@meshwork/protocol";
import { voteOf } from "../simulator/forgery.ts";
import type { Adversary } from "../simulator/tactics.ts";
import { equivocator } from "./equivocator.ts";

/** Equivocates as a leader, and helps every block that it hears of to become final. */
export const colluder: Adversary = {
  tactics(node) {
    const helped = new Set<string>();
    const help = ({ ballot }: Vote) => {
      const { blockHash, height, view } = ballot;
      const what = `${height}/${view}/${blockHash}`;
      if (blockHash === null || height !== node.height || helped.has(what)) return;
      helped.add(what);
      for (const kind of ["N", "F"] as const) {
        const vote = voteOf(node, { ...ballot, kind });
        if (vote === null) continue;
        for (const member of node.committee.members) node.transmit(member, { kind: "vote", vote });
      }
    };
    return {
      ...equivocator.tactics(node),
      receive(from, message) {
        if (node.world.isLying && (message.kind === "vote" || message.kind === "proposal"))
          help(message.vote);
        node.accept(from, message);
      },
    };
  },
};
