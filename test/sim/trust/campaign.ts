import { availableParallelism } from "node:os";
import { runShares } from "../run-shares.ts";
import type { Comparison } from "./compare.ts";
import type { MutantName } from "./mutants.ts";

/** Adversaries that one core tries, one after the other. */
export interface TrustShare {
  readonly names: readonly string[];
  readonly seed: number;
  readonly tasks: number;
  readonly nodes: number;
  readonly mutant: MutantName | null;
}

/** Tries all adversaries on all cores; `onResult` hears of each as it ends, in no order. */
export async function runCampaign(
  { names, ...rest }: TrustShare,
  onResult: (comparison: Comparison) => void,
): Promise<void> {
  const cores = Math.min(availableParallelism(), names.length);
  const shares = Array.from({ length: cores }, (_, core) => ({
    ...rest,
    names: names.filter((_name, i) => i % cores === core),
  }));
  await runShares(new URL("./campaign-worker.ts", import.meta.url), shares, onResult);
}
