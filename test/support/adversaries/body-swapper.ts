import type { Block } from "@meshwork/protocol";
import type { Adversary } from "../simulator/tactics.ts";

/** Sends blocks whose header is right and whose body is another. */
export const bodySwapper: Adversary = {
  tactics(node) {
    const swap = (block: Block): Block => ({ ...block, transactions: [] });
    return {
      send(to, message) {
        const swapped = "block" in message ? { ...message, block: swap(message.block) } : message;
        node.transmit(to, node.world.random.chance(0.7) ? swapped : message);
      },
    };
  },
};
