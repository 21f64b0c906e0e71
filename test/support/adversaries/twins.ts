import type { Adversary } from "../simulator/tactics.ts";

/** One key on two machines, as after a restore from a copied disk: each by itself is honest. */
export const twins: Adversary = { bodies: 2, tactics: () => ({}) };
