import { expect, test } from "vitest";
import { CampaignError, runShares } from "./run-shares.ts";

/** A thread that tells which seed it begins, and dies of the third. */
const dying = (how: string) =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { parentPort, workerData } from "node:worker_threads";
      for (const seed of workerData) {
        parentPort.postMessage({ kind: "begins", what: "seed " + seed });
        if (seed === 3) { ${how} }
        parentPort.postMessage({ kind: "report", report: seed });
      }
    `)}`,
  );

test.each([
  ["throws", 'throw new Error("a fault");', /seed 3: a fault/],
  ["ends", "process.exit(7);", /seed 3: it ended with code 7/],
])("a thread that %s is told with the seed that it died of", async (_, how, text) => {
  const heard: number[] = [];
  const campaign = runShares<number[], number>(dying(how), [[1, 2, 3, 4]], (seed) => {
    heard.push(seed);
  });
  const error = await campaign.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CampaignError);
  expect((error as Error).message).toMatch(text);
  expect(heard).toEqual([1, 2]);
});
