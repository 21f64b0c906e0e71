import type { Adversary } from "../gang.ts";
import { inventions } from "../lies.ts";
import { honest } from "../strategy.ts";

/** Waits for what another shows, and has then committed to something else. So he cannot show anything. */
export const lazyCopier: Adversary = {
  name: "lazy-copier",
  about: "commits to nothing, hoping to show what another has shown",
  share: 0.1,
  plays: () => ({
    ...honest,
    works: ({ me, task }) => inventions(`${me}/${task.orderId}`),
    shows: () => false,
  }),
};
