import type { NodeId } from "@meshwork/foundation";
import type { SimulatedNode } from "../../support/simulator/node.ts";
import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";
import type { World } from "../../support/simulator/world.ts";

/** What one honest node can prove against a seat stands in everyone's ledger, and nothing else does. */
export function conviction({ honest }: World): Watcher {
  const accusations: { suspect: NodeId; by: SimulatedNode; generation: number }[] = [];
  const isHonest = (name: NodeId) => honest.some((node) => node.name === name);
  return {
    accused(by, { seat }) {
      const suspect = by.ledger.seats.members[seat];
      // What an accuser forgets in a crash is not promised.
      if (suspect !== undefined) accusations.push({ suspect, by, generation: by.generation });
    },
    committed({ name, ledger }) {
      const innocent = [...ledger.state.convicted].find(isHonest);
      if (innocent !== undefined)
        throw new PromiseBroken(
          "conviction",
          `${name} commits the conviction of honest ${innocent}`,
        );
    },
    settled() {
      for (const { suspect, by, generation } of accusations)
        for (const { name, ledger } of honest)
          if (by.generation === generation && !ledger.state.convicted.has(suspect))
            throw new PromiseBroken(
              "conviction",
              `${by.name} can prove that ${suspect} signed twice, the ledger of ${name} does not know`,
            );
    },
  };
}
