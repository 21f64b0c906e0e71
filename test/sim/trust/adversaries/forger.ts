import type { Adversary } from "../gang.ts";
import { STEPS } from "../program.ts";
import { honest } from "../strategy.ts";

/** Does almost all of the work, so that samples seldom meet the step that he made up. */
export const forger: Adversary = {
  name: "forger",
  about: "makes up one step of each run",
  share: 0.1,
  plays: ({ draw }) => ({
    ...honest,
    works: ({ me, task }) => ({ tag: `${me}/${task.orderId}`, forged: [draw(STEPS)] }),
  }),
};
