import { leaderOf } from "@meshwork/consensus";
import type { NodeId } from "@meshwork/foundation";
import type { Certificate } from "@meshwork/protocol";
import { proposalOf, voteOf } from "../simulator/forgery.ts";
import type { Adversary } from "../simulator/tactics.ts";

/**
 * Aims at rule 3. It helps one node, its victim, to finalize a block; and as soon as the view before
 * its own is notarized, it proposes another block to the rest, as if that view had been nullified,
 * and finalizes it beforehand. Where the other finalizations were lost, only rule 3 stands in the way.
 */
export const badJustifier: Adversary = {
  tactics(node) {
    const { random } = node.world;
    const isVictim = (name: NodeId): boolean => {
      const { members } = node.committee;
      return name === members[node.height % members.length];
    };
    const strike = ({ ballot }: Certificate) => {
      const { committee, ledger } = node;
      const { height } = ballot;
      const view = ballot.view + 1;
      if (height !== node.height || leaderOf(committee, { height, view }) !== committee.seat)
        return;
      const time = Math.max(node.clock, ledger.head.time + 1) + random.int(3);
      const block = ledger.blockOf([], { view, time });
      const justification = { notarized: null, nullified: [] };
      const proposal = proposalOf(node, block, { view, justification });
      const final = voteOf(node, { ...proposal.vote.ballot, kind: "F" });
      for (const member of committee.members) {
        if (isVictim(member)) continue;
        node.transmit(member, proposal);
        if (final !== null) node.transmit(member, { kind: "vote", vote: final });
      }
    };
    return {
      effect(effect) {
        if (effect.kind === "persist" && effect.certificate.ballot.kind === "N")
          strike(effect.certificate);
      },
      send(to, message) {
        const isFinal = message.kind === "vote" && message.vote.ballot.kind === "F";
        if (!isFinal || isVictim(to)) node.transmit(to, message);
      },
    };
  },
};
