import type { Adversary } from "../simulator/tactics.ts";

/** Says the right things, seconds too late, and so out of order. */
export const laggard: Adversary = {
  tactics(node) {
    const { agenda, random } = node.world;
    return {
      send: (to, message) =>
        agenda.after(random.int(4_000), () => {
          if (node.isUp) node.transmit(to, message);
        }),
    };
  },
};
