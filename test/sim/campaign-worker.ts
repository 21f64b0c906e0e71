import { parentPort, workerData } from "node:worker_threads";
import { mutants } from "../support/simulator/mutants.ts";
import { type Report, simulate } from "../support/simulator/simulate.ts";
import type { CampaignShare } from "./campaign.ts";
import type { Told } from "./run-shares.ts";

const tell = (told: Told<Report>) => parentPort?.postMessage(told);

const { from, step, until, mutant, adversary, isOverThreshold } = workerData as CampaignShare;
for (let seed = from; seed < until; seed += step) {
  const options = {
    isOverThreshold,
    ...(mutant === null ? {} : { mutant: mutants[mutant] }),
    ...(adversary === null ? {} : { adversary }),
  };
  tell({ kind: "begins", what: `seed ${seed}` });
  tell({ kind: "report", report: simulate(seed, options) });
}
