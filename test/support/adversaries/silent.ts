import type { Adversary } from "../simulator/tactics.ts";

/** Listens and says nothing. */
export const silent: Adversary = { tactics: () => ({ send: () => {} }) };
