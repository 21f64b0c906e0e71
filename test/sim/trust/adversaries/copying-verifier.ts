import type { Adversary } from "../gang.ts";
import { honest } from "../strategy.ts";

/** What it shows is right, since an honest worker's trace is: nobody can tell it from work. */
export const copyingVerifier: Adversary = {
  name: "copying-verifier",
  about:
    "works honestly; as verifier runs nothing, and copies from the worker's trace what it shows",
  share: 0.1,
  plays: () => ({ ...honest, samples: "copied" }),
};
