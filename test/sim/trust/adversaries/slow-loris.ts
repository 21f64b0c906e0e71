import type { Adversary } from "../gang.ts";
import { honest } from "../strategy.ts";

export const slowLoris: Adversary = {
  name: "slow-loris",
  about: "accepts every place, and as a worker lets the deadline pass",
  share: 0.1,
  plays: () => ({ ...honest, works: () => null }),
};
