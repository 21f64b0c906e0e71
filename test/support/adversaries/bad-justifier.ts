import type { Effect } from "@meshwork/consensus";
import { leaderOf } from "@meshwork/consensus";
import type { Certificate } from "@meshwork/protocol";
import { proposalOf } from "../simulator/forgery.ts";
import type { Adversary } from "../simulator/tactics.ts";

/**
 * Aims at rule 3: as soon as the view before its own is notarized, and so may have been finalized
 * somewhere, it proposes another block at once, as if that view had been nullified.
 */
export const badJustifier: Adversary = {
  tactics(node) {
    const strike = ({ ballot }: Certificate) => {
      const { committee, ledger, world } = node;
      const view = ballot.view + 1;
      if (
        ballot.height !== node.height ||
        leaderOf(committee, { height: ballot.height, view }) !== committee.seat
      )
        return;
      const time = Math.max(node.clock, ledger.head.time + 1) + world.random.int(3);
      const block = ledger.blockOf([], { view, time });
      const proposal = proposalOf(node, block, {
        view,
        justification: { notarized: null, nullified: [] },
      });
      for (const member of committee.members) node.transmit(member, proposal);
    };
    return {
      effect(effect: Effect) {
        if (effect.kind === "persist" && effect.certificate.ballot.kind === "N")
          strike(effect.certificate);
      },
      // Who has not heard of a decision falls for it: so it keeps its own finalizations to few.
      send(to, message) {
        const isFinal = message.kind === "vote" && message.vote.ballot.kind === "F";
        if (!isFinal || node.world.random.chance(0.3)) node.transmit(to, message);
      },
    };
  },
};
