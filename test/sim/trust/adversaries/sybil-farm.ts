import type { Adversary } from "../gang.ts";
import { inventions } from "../lies.ts";
import { honest } from "../strategy.ts";

/** As many keys as a fifth of the default network. */
const KEYS = 24;

export const sybilFarm: Adversary = {
  name: "sybil-farm",
  about: `${KEYS} new keys of one voucher tell one story`,
  share: 0,
  arrives: (gang) => {
    for (let i = 0; i < KEYS; i++) gang.recruit();
  },
  plays: () => ({
    ...honest,
    works: ({ task }) => inventions(`farm/${task.orderId}`),
    colludes: true,
  }),
};
