import { parentPort, workerData } from "node:worker_threads";
import type { Told } from "../run-shares.ts";
import { adversaryNamed } from "./adversaries/index.ts";
import type { TrustShare } from "./campaign.ts";
import { type Comparison, compare } from "./compare.ts";
import { mutants } from "./mutants.ts";

const tell = (told: Told<Comparison>) => parentPort?.postMessage(told);

const { names, mutant, ...size }: TrustShare = workerData;
for (const name of names) {
  const change = mutant === null ? {} : mutants[mutant];
  tell({ kind: "begins", what: `${name}, seed ${size.seed}` });
  const adversary = adversaryNamed(name);
  tell({ kind: "report", report: compare({ ...size, ...change, adversary }) });
}
