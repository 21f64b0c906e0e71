import type { Adversary } from "../gang.ts";
import { honest } from "../strategy.ts";

/** Hurts others and wants nothing for it. */
export const griefingVerifier: Adversary = {
  name: "griefing-verifier",
  about: "works honestly; as verifier convicts everybody, or says nothing",
  share: 0.1,
  plays: ({ draw }) => ({
    ...honest,
    judges: (_seat, truth) =>
      draw(2) === 0 ? null : truth.map((finding) => ({ ...finding, at: finding.run && 0 })),
    samples: "made up",
  }),
};
