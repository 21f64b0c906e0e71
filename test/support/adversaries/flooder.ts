import type { BlockHash } from "@meshwork/foundation";
import type { Ballot, ConsensusMessage } from "@meshwork/protocol";
import { voteOf } from "../simulator/forgery.ts";
import { hashText } from "../simulator/hash-text.ts";
import type { Adversary } from "../simulator/tactics.ts";

/** Answers whatever it hears by what is well signed and makes no sense: far heights, views and epochs. */
export const flooder: Adversary = {
  tactics(node) {
    const { random } = node.world;
    const anyHeight = () =>
      random.pick([0, 1, node.height - 1, node.height, node.height + 1, 2 ** 40]);
    const anyHash = () => hashText(`nothing ${random.int(10)}`) as BlockHash;
    const anyBallot = (): Ballot => {
      const kind = random.pick(["N", "X", "F"] as const);
      return {
        kind,
        epoch: node.committee.epoch + random.pick([-1, 0, 0, 0, 1]),
        height: Math.max(1, Math.min(anyHeight(), node.height + 1)),
        view: random.pick([0, 1, 2, 60, 70, 2 ** 30]),
        blockHash: kind === "X" ? null : anyHash(),
      };
    };
    const anything = (): ConsensusMessage | null => {
      switch (random.int(3)) {
        case 0: {
          const view = random.int(100);
          return { kind: "status", height: anyHeight(), view, certified: random.int(view + 1) - 1 };
        }
        case 1:
          return { kind: "block-request", height: anyHeight(), blockHash: anyHash() };
        default: {
          const vote = voteOf(node, anyBallot());
          return vote && { kind: "vote", vote };
        }
      }
    };
    return {
      receive(from, message) {
        const nonsense = node.world.isLying && random.chance(0.5) ? anything() : null;
        if (nonsense !== null) node.transmit(from, nonsense);
        node.accept(from, message);
      },
    };
  },
};
