import type { NodeId } from "@meshwork/foundation";
import type { Vote } from "@meshwork/protocol";
import { voteOf } from "../simulator/forgery.ts";
import type { Adversary } from "../simulator/tactics.ts";
import { equivocator } from "./equivocator.ts";

/** Equivocates as a leader, and tells each node that it votes as that node does. */
export const colluder: Adversary = {
  tactics(node) {
    const { send } = equivocator.tactics(node);
    const agreed = new Set<string>();
    const agree = (from: NodeId, { ballot }: Vote) => {
      const what = `${from}/${ballot.height}/${ballot.view}/${ballot.blockHash}`;
      const isOther = ballot.blockHash === null || ballot.height !== node.height;
      if (isOther || agreed.has(what)) return;
      agreed.add(what);
      for (const kind of ["N", "F"] as const) {
        const vote = voteOf(node, { ...ballot, kind });
        if (vote !== null) node.transmit(from, { kind: "vote", vote });
      }
    };
    return {
      send(to, message) {
        // Votes go to those who agree with them, and to nobody else.
        if (message.kind !== "vote") send?.(to, message);
      },
      receive(from, message) {
        if (node.world.isLying && (message.kind === "vote" || message.kind === "proposal"))
          agree(from, message.vote);
        node.accept(from, message);
      },
    };
  },
};
