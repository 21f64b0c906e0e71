/**
 * Makes src/reputation-table.ts: the 5 % lower quantile of Beta(1 + successes, 2 + failures) in Q16,
 * on a grid of whole counts. Exact: with whole parameters the distribution is a binomial sum, taken
 * in big integers; no float decides a bit. Run: node scripts/make-reputation-table.ts
 *
 * The prior (1, 2) is a newcomer who is more likely bad than good: twenty clean verdicts bring 0.80.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { quantile } from "./beta-quantile.ts";

const successes = [
  ...Array.from({ length: 25 }, (_, i) => i),
  28,
  32,
  36,
  40,
  48,
  56,
  64,
  80,
  96,
  128,
  160,
  192,
  256,
];
const failures = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 70, 100];

const rows = successes.map((s) => failures.map((f) => quantile(1 + s, 2 + f)));

const list = (numbers: number[]) => `[${numbers.join(", ")}]`;
writeFileSync(
  fileURLToPath(new URL("../src/reputation-table.ts", import.meta.url)),
  `/** Made by scripts/make-reputation-table.ts; its SM3 stands in every genesis. Do not edit. */

/** Whole counts of clean verdicts: the rows. */
export const SUCCESSES: readonly number[] = ${list(successes)};

/** Whole counts of weighted failures: the columns. */
export const FAILURES: readonly number[] = ${list(failures)};

/** Q16. */
export const QUANTILES: readonly (readonly number[])[] = [
${rows.map((row) => `  ${list(row)},`).join("\n")}
];
`,
);
