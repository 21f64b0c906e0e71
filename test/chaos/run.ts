import { parseArgs } from "node:util";
import { killCampaign } from "./kill-campaign.ts";

const USAGE = `npm run test:chaos -- [--kills N] [--seed S]

Kills one of four validators after the other by SIGKILL while transactions come in at all of them.
--kills  how many (200)
--seed   of the victims and pauses (1)`;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  },
});
const [kills, seed] = [values.kills, values.seed].map(Number);

if (values.help) console.log(USAGE);
else if (!Number.isSafeInteger(kills) || !Number.isSafeInteger(seed) || Number(kills) < 1) {
  console.error(USAGE);
  process.exitCode = 2;
} else process.exitCode = await run(Number(kills), Number(seed));

async function run(count: number, from: number): Promise<number> {
  const begun = performance.now();
  const report = await killCampaign({
    kills: count,
    seed: from,
    onKill: (kill) => kill % 10 === 0 && console.log(`${kill} of ${count} kills`),
  });
  const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
  console.log(
    `${report.kills} kills in ${minutes} min: ${report.acknowledged} transactions acknowledged, ` +
      `${report.height} heights, ${report.votes} votes read from the logs`,
  );
  for (const text of report.broken) console.log(`BROKEN: ${text}`);
  if (report.broken.length === 0)
    console.log(
      "nothing acknowledged was lost, no seat contradicts itself, all state roots are equal",
    );
  return report.broken.length === 0 ? 0 : 1;
}
