import { contradict } from "@meshwork/consensus";
import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";
import type { World } from "../../support/simulator/world.ts";

/** Evidence convicts liars only, and anyone can check it. */
export function evidence(world: World): Watcher {
  return {
    accused(node, { seat, first, second }) {
      const { signatures } = world;
      const isSound =
        first.seat === seat &&
        contradict(first, second) &&
        signatures.vote(first) &&
        signatures.vote(second);
      const name = world.committeeFor(first.ballot.height, node.name).members[seat];
      const isHonest = world.honest.some((each) => each.name === name);
      if (!isSound || isHonest)
        throw new PromiseBroken(
          "evidence",
          `${node.name} accuses ${isHonest ? "the honest" : "without proof"} ${name}`,
        );
    },
  };
}
