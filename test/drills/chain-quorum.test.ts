import { afterAll, beforeAll, expect, test } from "vitest";
import { killCampaign } from "../chaos/kill-campaign.ts";
import { VoteScan } from "../chaos/vote-scan.ts";
import { Validators } from "../support/validators.ts";

let validators: Validators;

beforeAll(async () => {
  validators = await Validators.create();
  await validators.start(...validators.names);
});
afterAll(() => validators.end());

const heightOf = async (name: string) =>
  (await validators.ask(name, { kind: "look", accounts: [] }, "seen")).height;
const include = (name: string, count: number) =>
  validators.ask(name, { kind: "include", count }, "included");

test("with one of four validators dead, transactions go on becoming final; with two, none does and nothing forks; when they come back it goes on by itself", async () => {
  const [first, second, third, fourth] = validators.names as [string, string, string, string];
  await include(first, 2);

  await validators.kill(fourth);
  expect((await include(first, 3)).finalityMs).toHaveLength(3);

  await validators.kill(third);
  // A block whose F was under way may still come.
  const before = await Promise.all([first, second].map(heightOf));
  validators.tell(first, { kind: "load", atOnce: 2 });
  validators.tell(second, { kind: "load", atOnce: 2 });
  await expect.poll(() => validators.acknowledged.size).toBeGreaterThanOrEqual(4);
  // Long enough for a dozen heights, were there a quorum.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const after = await Promise.all([first, second].map(heightOf));
  expect(Math.max(...after)).toBeLessThanOrEqual(Math.max(...before) + 1);

  await validators.start(third, fourth);
  const accounts = [...validators.acknowledged];
  for (const name of validators.names) {
    const missing = async () =>
      (await validators.ask(name, { kind: "look", accounts }, "seen")).missing;
    await expect.poll(missing, { timeout: 60_000, interval: 200 }).toEqual([]);
  }
  const height = Math.max(...after) + 1;
  const heads = await Promise.all(
    validators.names.map((name) => validators.ask(name, { kind: "wait", height }, "at")),
  );
  expect(new Set(heads.map(({ hash }) => hash)).size).toBe(1);

  await validators.kill(...validators.names);
  const scan = new VoteScan();
  for (const name of validators.names) await scan.read(validators.folderOf(name));
  expect(scan.votes).toBeGreaterThan(0);
  expect(scan.contradictions).toEqual([]);
}, 180_000);

test("a validator killed at any moment loses nothing acknowledged, contradicts no vote of its own, and comes back into the same state", async () => {
  const report = await killCampaign({ kills: 4, seed: 1 });
  expect(report.broken).toEqual([]);
  expect(report.acknowledged).toBeGreaterThan(10);
  expect(report.votes).toBeGreaterThan(30);
}, 300_000);
