import { parentPort, workerData } from "node:worker_threads";
import { mutants } from "../support/simulator/mutants.ts";
import { simulate } from "../support/simulator/simulate.ts";
import type { CampaignShare } from "./campaign.ts";

const { from, step, until, mutant, adversary, isOverThreshold } = workerData as CampaignShare;
for (let seed = from; seed < until; seed += step) {
  const options = {
    isOverThreshold,
    ...(mutant === null ? {} : { mutant: mutants[mutant] }),
    ...(adversary === null ? {} : { adversary }),
  };
  parentPort?.postMessage(simulate(seed, options));
}
