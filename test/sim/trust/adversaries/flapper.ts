import type { Adversary } from "../gang.ts";
import { honest } from "../strategy.ts";

export const flapper: Adversary = {
  name: "flapper",
  about: "leaves and comes back, answers every other call, vanishes from every fourth place",
  share: 0.1,
  eachRound: (gang) => {
    for (const who of gang.members) {
      const isIn = (gang.ledger.state.node(who.nodeId)?.lease ?? null) !== null;
      if (gang.draw(2) === 0) continue;
      if (isIn) gang.ledger.send(who, { kind: "leave" });
      else gang.offer(who);
    }
  },
  plays: ({ draw }) => ({
    ...honest,
    answers: () => (draw(2) === 0 ? "accept" : "ignore"),
    works: () => (draw(4) === 0 ? null : "honest"),
    judges: (_seat, truth) => (draw(4) === 0 ? null : truth),
  }),
};
