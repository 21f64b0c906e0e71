import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";
import type { World } from "../../support/simulator/world.ts";

/** Evidence convicts liars only, and anyone can check it. */
export function evidence(world: World): Watcher {
  return {
    accused(node, proof) {
      const { signatures } = world;
      const { seats } = node.ledger;
      const isSound = signatures.evidence(proof, seats);
      const name = seats.members[proof.seat];
      const isHonest = world.honest.some((each) => each.name === name);
      if (!isSound || isHonest)
        throw new PromiseBroken(
          "evidence",
          `${node.name} accuses ${isHonest ? "the honest" : "without proof"} ${name}`,
        );
    },
  };
}
