import type { Signature } from "@meshwork/foundation";
import type { Ballot, Certificate, ConsensusMessage } from "@meshwork/protocol";
import type { Adversary } from "../simulator/tactics.ts";

/** Makes up votes of others and certificates that nobody signed. */
export const forger: Adversary = {
  tactics(node) {
    const { random } = node.world;
    const forge = ({ ballot, seats, signatures }: Certificate): Certificate => {
      const [seat = 0] = seats;
      const [signature = "none" as Signature] = signatures;
      const all = node.committee.members.map((_, i) => i);
      return random.pick([
        { ballot, seats: [seat], signatures: [signature] },
        { ballot, seats: all.map(() => seat), signatures: all.map(() => signature) },
        { ballot, seats: all, signatures: all.map(() => signature) },
      ]);
    };
    const answer = (message: ConsensusMessage) => {
      if (message.kind !== "vote" || random.chance(0.7)) return;
      const { ballot, seat, signature } = message.vote;
      const kind = random.pick(["N", "X", "F"] as const);
      if (kind !== "X" && ballot.blockHash === null) return;
      const about: Ballot = { ...ballot, kind, blockHash: kind === "X" ? null : ballot.blockHash };
      const certificate = forge({ ballot: about, seats: [seat], signatures: [signature] });
      const vote = { ballot: about, seat, signature };
      for (const member of node.committee.members) {
        node.transmit(member, { kind: "certificate", certificate });
        node.transmit(member, { kind: "vote", vote });
      }
    };
    return {
      receive(from, message) {
        if (node.world.isLying) answer(message);
        node.accept(from, message);
      },
    };
  },
};
