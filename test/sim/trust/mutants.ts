import type { CompareOptions } from "./compare.ts";

/** Mistakes put into the rules' numbers: with each of them a bar must be missed, or the bars show nothing. */
export const mutants = {
  /** Who has been honest for long enough is never checked again. */
  "no-audit-floor": { policy: { auditFloor: 0 }, standing: 10_000 },
  /** Everything is checked, and the formula does not know it. */
  "certain-audit": { policy: { auditFloor: 65_536 } },
} satisfies Record<string, Partial<CompareOptions>>;
export type MutantName = keyof typeof mutants;
export const mutantNames = Object.keys(mutants) as MutantName[];
