import type { Adversary } from "../gang.ts";
import { inventions } from "../lies.ts";
import { honest } from "../strategy.ts";

export const liar: Adversary = {
  name: "liar",
  about: "invents every result, each its own",
  share: 0.1,
  plays: () => ({ ...honest, works: ({ me, task }) => inventions(`${me}/${task.orderId}`) }),
};
