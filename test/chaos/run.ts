import { parseArgs } from "node:util";
import { killCampaign } from "./kill-campaign.ts";
import { taskCampaign } from "./task-campaign.ts";

const USAGE = `npm run test:chaos -- [--kills N] [--seed S]
npm run test:chaos -- --tasks [--minutes M] [--seed S]

Kills one of four validators after the other by SIGKILL while transactions come in at all of them;
or, with --tasks, any process of a whole network while it works on tasks.
--kills    how many (200)
--minutes  for how long (10)
--seed     of the victims and pauses (1)`;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    tasks: { type: "boolean", default: false },
    minutes: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  },
});
const [kills, minutes, seed] = [values.kills, values.minutes, values.seed].map(Number) as [
  number,
  number,
  number,
];

if (values.help) console.log(USAGE);
else if (![kills, seed].every(Number.isSafeInteger) || !(kills >= 1) || !(minutes > 0)) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  const broken = await (values.tasks ? killAnybody() : killValidators());
  for (const text of broken) console.log(`BROKEN: ${text}`);
  process.exitCode = broken.length === 0 ? 0 : 1;
}

async function killValidators(): Promise<readonly string[]> {
  const begun = performance.now();
  const report = await killCampaign({
    ...{ kills, seed },
    onKill: (kill) => kill % 10 === 0 && console.log(`${kill} of ${kills} kills`),
  });
  const took = ((performance.now() - begun) / 60_000).toFixed(1);
  console.log(
    `${report.kills} kills in ${took} min: ${report.acknowledged} transactions acknowledged, ` +
      `${report.height} heights, ${report.votes} votes read from the logs`,
  );
  if (report.broken.length === 0)
    console.log(
      "nothing acknowledged was lost, no seat contradicts itself, all state roots are equal",
    );
  return report.broken;
}

async function killAnybody(): Promise<readonly string[]> {
  const { kills, load, broken, height } = await taskCampaign({
    ...{ minutes, seed },
    onProgress: (text) => console.log(text),
  });
  console.log(`killed: ${counted(kills)}`);
  console.log(`${load.accepted.size} orders accepted: ${counted(load.ends)}`);
  console.log(`refused before they were: ${counted(load.refused) || "none"}; ${height} heights`);
  if (broken.length === 0)
    console.log(
      "every accepted order ended, none twice, none was paid twice, no point was made or lost",
    );
  return broken;
}

function counted(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([what, times]) => `${what} ${times}`)
    .join(", ");
}
