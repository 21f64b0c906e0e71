import { sm3Hex } from "@meshwork/crypto";
import { concat, type Digest, uint64 } from "@meshwork/foundation";
import { FAILURES, QUANTILES, SUCCESSES } from "./reputation-table.ts";

/** Reads the committed table: see `scripts/make-reputation-table.ts` for what stands in it. */
const ONE = 65_536;

/** What a genesis names, so that all nodes are known to compute alike. */
export const reputationTableDigest: Digest = sm3Hex(
  concat(...[SUCCESSES, FAILURES, ...QUANTILES].flatMap((row) => row.map(uint64))),
);

/** @param successes Q16 counts. @returns Q16; beyond the table's edge, the edge. */
export function quantileOf(successes: number, failures: number): number {
  const s = position(SUCCESSES, successes);
  const f = position(FAILURES, failures);
  const along = (row: readonly number[]) => between(row[f.below], row[f.above], f);
  return between(along(rowAt(s.below)), along(rowAt(s.above)), s);
}

const rowAt = (index: number): readonly number[] => QUANTILES[index] ?? [];

interface Position {
  below: number;
  above: number;
  /** How far `value` has come from the grid point below, of `span`. */
  past: number;
  span: number;
}

function position(grid: readonly number[], value: number): Position {
  const above = grid.findIndex((point) => point * ONE > value);
  if (above === -1) return { below: grid.length - 1, above: grid.length - 1, past: 0, span: 1 };
  const below = Math.max(0, above - 1);
  const start = (grid[below] ?? 0) * ONE;
  return { below, above, past: value - start, span: (grid[above] ?? 0) * ONE - start };
}

/** Bilinear with floor: |difference| × past stays below 2^53. */
function between(low = 0, high = 0, { past, span }: Position): number {
  return low + Math.floor(((high - low) * past) / span);
}
