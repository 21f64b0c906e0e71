import { availableParallelism } from "node:os";
import type { AdversaryName } from "../support/adversaries/index.ts";
import type { MutantName } from "../support/simulator/mutants.ts";
import type { Report } from "../support/simulator/simulate.ts";
import { runShares } from "./run-shares.ts";

export interface CampaignOptions {
  readonly from: number;
  readonly seeds: number;
  readonly mutant: MutantName | null;
  readonly adversary: AdversaryName | null;
  readonly isOverThreshold: boolean;
}

/** Every `step`th seed from `from` on: what one worker runs. */
export interface CampaignShare extends Omit<CampaignOptions, "seeds"> {
  readonly until: number;
  readonly step: number;
}

/** Runs the seeds on all cores; `onReport` hears of each run as it ends, in no order. */
export async function runCampaign(
  { from, seeds, ...rest }: CampaignOptions,
  onReport: (report: Report) => void,
): Promise<void> {
  const step = Math.min(availableParallelism(), seeds);
  const shares = Array.from({ length: step }, (_, i): CampaignShare => {
    return { ...rest, from: from + i, until: from + seeds, step };
  });
  await runShares(new URL("./campaign-worker.ts", import.meta.url), shares, onReport);
}
