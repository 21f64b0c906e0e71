import { parseArgs } from "node:util";
import { adversaries } from "./adversaries/index.ts";
import { calibrateAll, calibrationTable } from "./calibrate.ts";
import { runCampaign } from "./campaign.ts";
import type { Comparison } from "./compare.ts";
import { seededDigest } from "./identity.ts";
import { type MutantName, mutantNames } from "./mutants.ts";
import { tableOf } from "./table.ts";

const names = adversaries.map(({ name }) => name);

const USAGE = `npm run sim -- trust [--seed S] [--tasks N] [--nodes N] [--adversary NAME] [--mutant NAME] [--calibrate]

--seed       decides everything (1)
--tasks      for each adversary, and again for the same keys behaving honestly (2000)
--nodes      of which a part cheats (120)
--adversary  only this one: ${names.join(", ")}
--calibrate  instead: planned policies, and the risk and cost that they have where cheaters are planted
--mutant     a mistake to put into the policy: ${mutantNames.join(", ")}`;

/** @returns the exit code: 1 when a bar is missed; with a mutant, when none is. */
export async function runTrust(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: "string", default: "1" },
      tasks: { type: "string", default: "2000" },
      nodes: { type: "string", default: "120" },
      adversary: { type: "string" },
      mutant: { type: "string" },
      calibrate: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [seed, tasks, nodes] = [values.seed, values.tasks, values.nodes].map(Number);
  const mutant = (values.mutant ?? null) as MutantName | null;
  const chosen = names.filter((name) => (values.adversary ?? name) === name);
  const isKnown = chosen.length > 0 && (mutant === null || mutantNames.includes(mutant));
  if (values.help || !isKnown || !isWhole(seed, 0) || !isWhole(tasks, 1) || !isWhole(nodes, 20)) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  if (values.calibrate) return runCalibration({ seed, tasks, nodes });
  const results: Comparison[] = [];
  await runCampaign({ names: chosen, seed, tasks, nodes, mutant }, (one) => {
    results.push(one);
    const bars = one.missed.length === 0 ? "all bars kept" : `MISSED: ${one.missed.join("; ")}`;
    console.log(`${results.length} of ${chosen.length}: ${one.adversary}: ${bars}`);
  });
  const inOrder = results.toSorted(
    (a, b) => chosen.indexOf(a.adversary) - chosen.indexOf(b.adversary),
  );
  console.log(`\n${tableOf(inOrder)}\n`);
  console.log(summaryOf(inOrder));
  const missed = results.some((one) => one.missed.length > 0);
  return missed === (mutant === null) ? 1 : 0;
}

/** @returns 1 when a measured risk is further from its prediction than chance goes. */
function runCalibration(size: Parameters<typeof calibrateAll>[0]): number {
  const rows = calibrateAll(size);
  console.log(calibrationTable(rows));
  const wrong = rows.filter(({ isAsPredicted }) => !isAsPredicted);
  for (const { name } of wrong) console.log(`MISSED: ${name}: the risk is not as predicted`);
  return wrong.length === 0 ? 0 : 1;
}

const isWhole = (value: number | undefined, least: number): value is number =>
  value !== undefined && Number.isSafeInteger(value) && value >= least;

function summaryOf(results: readonly Comparison[]): string {
  const worlds = results.flatMap(({ cheating, behaving }) => [cheating, behaving]);
  const sum = (of: (world: (typeof worlds)[number]) => number) =>
    worlds.reduce((total, world) => total + of(world), 0).toLocaleString("en");
  return [
    `${sum(({ counts }) => counts.tasks)} tasks, ${sum(({ transactions }) => transactions)} transactions`,
    `${sum(({ counts }) => counts.harm.suspended)} honest nodes suspended`,
    `trace ${seededDigest(worlds.map(({ trace }) => trace).join()).slice(0, 16)}`,
  ].join("; ");
}
