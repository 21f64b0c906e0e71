import type { Adversary } from "../gang.ts";
import { inventions } from "../lies.ts";
import { honest } from "../strategy.ts";

export const whitewasher: Adversary = {
  name: "whitewasher",
  about: "invents every result; whoever is caught comes back under a new key",
  share: 0.1,
  eachRound: (gang) => {
    for (const { nodeId } of [...gang.members]) {
      const isBurnt = (gang.ledger.state.node(nodeId)?.suspensions ?? 0) > 0;
      if (!isBurnt || gang.abandoned.has(nodeId)) continue;
      gang.abandoned.add(nodeId);
      gang.recruit();
    }
  },
  plays: () => ({ ...honest, works: ({ me, task }) => inventions(`${me}/${task.orderId}`) }),
};
