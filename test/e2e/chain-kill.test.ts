import { afterAll, beforeAll, expect, test } from "vitest";
import { Validators } from "../support/validators.ts";

let validators: Validators;

beforeAll(async () => {
  validators = await Validators.create();
});
afterAll(() => validators.end());

const include = (name: string, count: number) =>
  validators.ask(name, { kind: "include", count }, "included");
const waitFor = (name: string, height: number) =>
  validators.ask(name, { kind: "wait", height }, "at");

test("four validators, all killed in the middle of their work and started again, go on from where they were", async () => {
  const { names } = validators;
  const [first, second, third] = names as [string, string, string];
  await validators.start(...names);
  await include(first, 3);
  for (const name of names) validators.tell(name, { kind: "never-stop" });
  const known = await waitFor(second, 8);
  await validators.kill(...names);

  const woken = await validators.start(...names);
  expect(woken[1]).toBeGreaterThanOrEqual(known.height);
  // A quorum has signed its F, and signs nothing at a height before the one below is durable.
  expect(woken.toSorted((a, b) => b - a)[2]).toBeGreaterThanOrEqual(known.height - 1);
  expect((await include(third, 1)).finalityMs).toHaveLength(1);
  const height = Math.max(...woken) + 1;
  const answers = await Promise.all(names.map((name) => waitFor(name, height)));
  expect(new Set(answers.map(({ hash }) => hash)).size).toBe(1);
}, 120_000);
