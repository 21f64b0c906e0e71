import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { meshwork, refused } from "../support/meshwork-command.ts";
import { startNetwork, type TestNetwork, temporaryFolder } from "../support/running-network.ts";

const data = temporaryFolder();
const home = (name: string) => join(data.path, "network", name);
let running: TestNetwork;

const api = (name: string) => ["--api", running.network.apiUrl, "--keys", home(name)];

beforeAll(async () => {
  running = await startNetwork(data.path, { nodes: 5 });
}, 120_000);
afterAll(async () => {
  await running.stop();
  data.remove();
}, 60_000);

test("what more than two thirds of the seats propose alike is adopted for the next epoch, and nobody else has a say", async () => {
  const propose = (name: string, ...set: string[]) =>
    meshwork("network", "propose", ...api(name), ...set.flatMap((one) => ["--set", one]));
  await propose("node-1", "drawFactor=5", "submitPrice=7");
  await propose("node-2", "drawFactor=6");
  await propose("node-3", "submitPrice=7", "drawFactor=5");
  const [open] = await meshwork("network", "support", ...api("agent"));
  expect(open).toMatchObject({ adopted: null, needed: 3 });

  expect(
    await refused("network", "propose", ...api("node-5"), "--set", "drawFactor=5"),
  ).toMatchObject({
    code: "NO_SEAT",
  });
  expect(await refused("network", "propose", ...api("node-4"), "--set", "bond=1")).toMatchObject({
    code: "UNSOUND_PROPOSAL",
  });
  await propose("node-2", "drawFactor=5", "submitPrice=7");
  const [decided] = await meshwork("network", "support", ...api("agent"));
  expect(decided?.adopted).toMatchObject({ policy: { drawFactor: 5, submitPrice: "7" } });
  expect(
    await refused("network", "propose", ...api("node-4"), "--set", "drawFactor=5"),
  ).toMatchObject({
    code: "ADOPTED_ALREADY",
  });
}, 180_000);

test("a node's contribution speaks for another node, or for itself again", async () => {
  const [candidate] = await meshwork("key", "show", home("node-1"));
  const delegate = (...whom: string[]) => meshwork("delegate", ...whom, ...api("node-5"));
  expect(await delegate(String(candidate?.nodeId))).toMatchObject([
    { kind: "delegated", candidate: candidate?.nodeId },
  ]);
  expect(await delegate("--none")).toMatchObject([{ kind: "delegated", candidate: null }]);
}, 60_000);

test("a node whose key was rotated is let in by the relay again, under its old name", async () => {
  const lines = () => readFileSync(join(data.path, "logs", "node-5.log"), "utf8").split("\n");
  const isUp = (line: string) => line.includes('"relay is up"');
  const [rotated] = await meshwork(
    "key",
    "rotate",
    home("node-5"),
    "--api",
    running.network.apiUrl,
  );
  const seen = lines().length;
  // Its supervisor starts it again, with the new key.
  process.kill(running.pidOf("node-5"), "SIGKILL");
  await expect.poll(() => lines().slice(seen).some(isUp), { timeout: 60_000 }).toBe(true);
  await expect
    .poll(
      () =>
        lines()
          .slice(seen)
          .some((line) => line.includes('"ready"')),
      {
        timeout: 60_000,
      },
    )
    .toBe(true);
  const ready = lines().findLast((line) => line.includes('"ready"')) ?? "";
  expect(JSON.parse(ready)).toMatchObject({ nodeId: rotated?.account });
}, 180_000);
