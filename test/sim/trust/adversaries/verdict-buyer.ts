import type { Adversary } from "../gang.ts";
import { inventions } from "../lies.ts";
import { honest } from "../strategy.ts";

/** Sees the audit fall on him and keeps his result to himself: silence must cost as much as the lie. */
export const verdictBuyer: Adversary = {
  name: "verdict-buyer",
  about: "invents every result, and withholds it when an audit is drawn",
  share: 0.1,
  plays: () => ({
    ...honest,
    works: ({ me, task }) => inventions(`${me}/${task.orderId}`),
    shows: (_seat, mode) => mode === "none",
  }),
};
