import type { Adversary } from "../gang.ts";
import { honest } from "../strategy.ts";

export const lazyVerifier: Adversary = {
  name: "lazy-verifier",
  about: "works honestly; as verifier runs nothing, and makes up what it shows",
  share: 0.1,
  plays: () => ({ ...honest, samples: "made up" }),
};
