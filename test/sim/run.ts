import { parseArgs } from "node:util";
import { type AdversaryName, adversaryNames } from "../support/adversaries/index.ts";
import { type MutantName, mutantNames, mutants } from "../support/simulator/mutants.ts";
import { type Report, simulate } from "../support/simulator/simulate.ts";
import { type CampaignOptions, runCampaign } from "./campaign.ts";
import { Summary } from "./summary.ts";

const PROGRESS_SECONDS = 10;
/** From here on a campaign is worth a table, as it stands in `docs/simulation.md`. */
const SEEDS_OF_A_TABLE = 1_000;

const USAGE = `npm run sim -- [--seeds N] [--from S] [--mutant NAME] [--adversary NAME] [--over-threshold]
npm run sim -- --seed S [--trace] [--mutant NAME] [--adversary NAME] [--over-threshold]

npm run sim -- trust [--help]

--seeds           how many seeds to run (200)
--from            the first of them (1)
--seed            runs one and prints its end; with --trace all of it
--mutant          a mistake to put into the protocol: ${mutantNames.join(", ")}
--adversary       the kind of all liars: ${adversaryNames.join(", ")}
--over-threshold  more than a third lie: forks must convict them`;

if (process.argv[2] === "trust") {
  const { runTrust } = await import("./trust/run-trust.ts");
  process.exit(await runTrust(process.argv.slice(3)));
}

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    mutant: { type: "string" },
    adversary: { type: "string" },
    "over-threshold": { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function usageError(text: string): never {
  console.error(`${text}\n\n${USAGE}`);
  process.exit(2);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    usageError(`--${name} takes a whole number, not ${text}`);
  return value;
}

function oneOf<T extends string>(
  name: string,
  text: string | undefined,
  known: readonly T[],
): T | null {
  if (text === undefined) return null;
  return known.find((each) => each === text) ?? usageError(`there is no ${name} ${text}`);
}

const choice: CampaignOptions = {
  seeds: wholeNumber("seeds", values.seeds),
  from: wholeNumber("from", values.from),
  mutant: oneOf<MutantName>("mutant", values.mutant, mutantNames),
  adversary: oneOf<AdversaryName>("adversary", values.adversary, adversaryNames),
  isOverThreshold: values["over-threshold"],
};

if (values.help) console.log(USAGE);
else if (values.seed !== undefined) process.exitCode = runOne(wholeNumber("seed", values.seed));
else process.exitCode = await runMany();

function runOne(seed: number): number {
  const { mutant, adversary, isOverThreshold } = choice;
  const report = simulate(seed, {
    isOverThreshold,
    ...(mutant === null ? {} : { mutant: mutants[mutant] }),
    ...(adversary === null ? {} : { adversary }),
    ...(values.trace ? { onLine: (line: string) => console.log(line) } : {}),
  });
  if (!values.trace) for (const line of report.lastLines) console.log(line);
  const { scenario, broken, fork, traceHash, settling, heights, crashes } = report;
  const liars = [...scenario.adversaries].map(([node, kind]) => `n${node} ${kind}`).join(", ");
  console.log(`seed ${seed}: ${scenario.seats} seats; liars: ${liars || "none"}`);
  console.log(
    `${heights} heights, ${crashes} crashes, settled in ${settling.tookMs} of ${settling.boundMs} ms`,
  );
  console.log(`trace ${traceHash}`);
  console.log(broken?.text ?? fork ?? "all promises kept");
  return broken === null ? 0 : 1;
}

async function runMany(): Promise<number> {
  const summary = new Summary();
  let nextLineAt = PROGRESS_SECONDS;
  await runCampaign(choice, (report) => {
    summary.add(report);
    // At once: whoever waits for a long campaign can look into it meanwhile.
    if (report.broken !== null) console.log(`seed ${report.seed}: ${report.broken.text}`);
    if (summary.seconds < nextLineAt) return;
    nextLineAt += PROGRESS_SECONDS;
    const { runs, failures, seconds } = summary;
    const minutesLeft = ((seconds / runs) * (choice.seeds - runs)) / 60;
    console.log(
      `${runs} of ${choice.seeds} seeds, ${failures.length} failed, ${minutesLeft.toFixed(1)} min left`,
    );
  });
  const failures = summary.failures.sort((a, b) => a.seed - b.seed);
  for (const failure of failures.slice(0, choice.mutant === null ? 3 : 1)) print(failure);
  if (choice.seeds >= SEEDS_OF_A_TABLE) console.log(`\n${summary.table}\n`);
  console.log(summary.line);
  if (choice.isOverThreshold) console.log(`${summary.forks} forks, all convicted`);
  return verdict(failures);
}

function print({ seed, broken, lastLines }: Report): void {
  console.log(`\nseed ${seed} broke a promise\n${lastLines.slice(-30).join("\n")}`);
  console.log(`${broken?.text}\nreplay: ${replay(seed)}\n`);
}

function replay(seed: number): string {
  const { mutant, adversary, isOverThreshold } = choice;
  return [
    `npm run sim -- --seed ${seed} --trace`,
    ...(mutant === null ? [] : [`--mutant ${mutant}`]),
    ...(adversary === null ? [] : [`--adversary ${adversary}`]),
    ...(isOverThreshold ? ["--over-threshold"] : []),
  ].join(" ");
}

/** A mutant must be caught; the protocol as it is must not. */
function verdict(failures: readonly Report[]): number {
  const { mutant } = choice;
  if (mutant === null) {
    console.log(failures.length === 0 ? "all promises kept" : `${failures.length} seeds FAILED`);
    return failures.length === 0 ? 0 : 1;
  }
  const seeds = failures.map(({ seed }) => seed);
  if (seeds.length === 0) console.log(`mutant ${mutant} was NOT caught`);
  else console.log(`mutant ${mutant} was caught by ${seeds.length} seeds, first by ${seeds[0]}`);
  return seeds.length === 0 ? 1 : 0;
}
