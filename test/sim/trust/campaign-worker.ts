import { parentPort, workerData } from "node:worker_threads";
import { adversaryNamed } from "./adversaries/index.ts";
import type { TrustShare } from "./campaign.ts";
import { compare } from "./compare.ts";
import { mutants } from "./mutants.ts";

const { names, mutant, ...size }: TrustShare = workerData;
for (const name of names) {
  const change = mutant === null ? {} : mutants[mutant];
  parentPort?.postMessage(compare({ ...size, ...change, adversary: adversaryNamed(name) }));
}
