import type { NodeId } from "@meshwork/foundation";
import type { Proposal, Vote } from "@meshwork/protocol";
import { isProposalOfNewBlock, proposalOf } from "../simulator/forgery.ts";
import type { Adversary } from "../simulator/tactics.ts";

/** As a leader proposes one block to some and another to the rest; votes for both. */
export const equivocator: Adversary = {
  tactics(node) {
    const { random } = node.world;
    const others = new WeakMap<Vote, Proposal>();
    const sides = new Map<NodeId, boolean>();
    const otherOf = (proposal: Proposal): Proposal => {
      let other = others.get(proposal.vote);
      if (other === undefined) {
        const { header, transactions } = proposal.block;
        const at = { view: header.view, time: header.time + 1 };
        const block = node.ledger.blockOf(transactions, at);
        other = proposalOf(node, block, proposal);
        others.set(proposal.vote, other);
        for (const name of node.committee.members) sides.set(name, random.chance(0.5));
      }
      return other;
    };
    return {
      send(to, message) {
        if (!isProposalOfNewBlock(message)) return node.transmit(to, message);
        const other = otherOf(message);
        node.transmit(to, sides.get(to) ? other : message);
        if (random.chance(0.2)) node.transmit(to, sides.get(to) ? message : other);
      },
    };
  },
};
