import type { OrderId } from "@meshwork/foundation";
import { transactionIdOf } from "@meshwork/protocol";
import type { Adversary } from "../gang.ts";
import { orderOf } from "../orders.ts";
import { honest } from "../strategy.ts";

/** Half as many as all others place together. */
const ORDERS = 5;

/** Orders from himself, and takes back what was not drawn to his own nodes. */
export const selfDealer: Adversary = {
  name: "self-dealer",
  about: "orders each round, and revokes unless its own nodes were drawn",
  share: 0.1,
  eachRound: ({ ledger, purse, ordered }) => {
    const order = orderOf(ledger.state.policy, { gateway: purse.nodeId, replicas: 1 });
    for (let i = 0; i < ORDERS; i++) {
      const { unsigned } = ledger.send(purse, { kind: "submit", order });
      ordered.add(transactionIdOf(unsigned) as string as OrderId);
    }
  },
  watches: (gang, task) => {
    const isFresh =
      task.phase === "running" && task.workers.every(({ state }) => state === "called");
    if (isFresh && !task.workers.some(({ node }) => gang.has(node)))
      gang.ledger.send(gang.purse, { kind: "cancel", orderId: task.orderId });
  },
  plays: () => honest,
};
