import type { ConsensusMessage } from "@meshwork/protocol";
import { voteOf } from "../simulator/forgery.ts";
import type { Adversary } from "../simulator/tactics.ts";

/** Votes for everything that it hears of, in all three ways, to whomever. */
export const voteAll: Adversary = {
  tactics(node) {
    const { random } = node.world;
    /** Answered at this height: several of its kind would else answer each other without end. */
    let answered = { height: 0, ballots: new Set<string>() };
    const echo = (message: ConsensusMessage) => {
      if (message.kind !== "vote" && message.kind !== "proposal") return;
      const { ballot } = message.vote;
      if (ballot.height !== node.height || random.chance(0.5)) return;
      if (answered.height !== ballot.height)
        answered = { height: ballot.height, ballots: new Set() };
      const name = `${ballot.view} ${ballot.blockHash}`;
      if (answered.ballots.has(name)) return;
      answered.ballots.add(name);
      for (const kind of ["N", "X", "F"] as const) {
        if (kind !== "X" && ballot.blockHash === null) continue;
        const blockHash = kind === "X" ? null : ballot.blockHash;
        const vote = voteOf(node, { ...ballot, kind, blockHash });
        if (vote === null) continue;
        for (const member of node.committee.members)
          if (random.chance(0.6)) node.transmit(member, { kind: "vote", vote });
      }
    };
    return {
      receive(from, message) {
        if (node.world.isLying) echo(message);
        node.accept(from, message);
      },
    };
  },
};
