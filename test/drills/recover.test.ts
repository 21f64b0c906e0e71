import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeIdOf } from "@meshwork/crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { meshwork, refused } from "../support/meshwork-command.ts";
import { startNetwork, type TestNetwork, temporaryFolder } from "../support/running-network.ts";

const data = temporaryFolder();
const at = (...path: string[]) => join(data.path, ...path);
const home = (...path: string[]) => at("network", ...path);
const genesis = ["--genesis", home("genesis.json")];
const members = [1, 2, 3, 4, 5, 6, 7].map((number) => `node-${number}`);
let running: TestNetwork;

const api = () => ["--api", running.network.apiUrl, "--keys", home("agent")];

/** Hands in a task; its receipt goes to a file. */
async function work(name: string): Promise<void> {
  const files = ["--program", at("count.js"), "--runtime", "js-qjs-v1", "--input", at("words")];
  const result = ["--output", at(`${name}.output`), "--receipt", at(`${name}.receipt`)];
  const told = await meshwork("task", "submit", ...api(), ...genesis, ...files, ...result);
  expect(told.at(-1)).toMatchObject({ kind: "task", outcome: "verified" });
}

/** What the ledger says of everybody who has points. */
function accounts(): Promise<unknown[]> {
  const { apiUrl, genesis: founders } = running.network;
  const all = [...founders.members, ...founders.accounts];
  return Promise.all(
    all.map(async ({ publicKey }) => {
      const input = encodeURIComponent(JSON.stringify({ account: nodeIdOf(publicKey) }));
      const response = await fetch(`${apiUrl}/trpc/accounts.get?input=${input}`);
      return (await response.json()).result.data;
    }),
  );
}

beforeAll(async () => {
  writeFileSync(
    at("count.js"),
    "function main(inputs) { return inputs[0].text().split(' ').length; }\n",
  );
  writeFileSync(at("words"), "one two three");
  running = await startNetwork(data.path);
}, 90_000);
afterAll(async () => {
  await running.stop();
  data.remove();
}, 60_000);

test("a network of processes that lost three of four seats is founded anew from a backup, and works on with all that everybody had", async () => {
  await work("before");
  const before = await accounts();
  expect(before).toHaveLength(11);
  expect(before).toContainEqual(expect.objectContaining({ points: expect.any(String) }));
  await running.stop();
  await meshwork("backup", "create", at("backups"), "--data", home("gateway"), ...genesis);
  for (const name of members.slice(1, 4)) rmSync(home(name, "vote"), { recursive: true });

  const recover = ["ledger", "recover"];
  const snapshot = [...genesis, "--snapshot", at("backups")];
  const seats = members.slice(0, 4).map((name) => ["--seat", at(`${name}.seat`)]);
  for (const name of members.slice(0, 4))
    await meshwork(...recover, "seat", home(name), "--out", at(`${name}.seat`));
  await meshwork(...recover, "prepare", ...snapshot, ...seats.flat(), "--out", at("successor"));

  // Each founder signs what he was given; one of them with a key that he kept elsewhere.
  const [offline, ...others] = members.slice(0, 5) as [string, ...string[]];
  const pem = at("offline.pem");
  await meshwork("key", "export", home(offline), "--private", "--recovery", "--out", pem);
  const sign = [...recover, "sign", at("successor"), ...genesis];
  await meshwork(...sign, "--recovery-key", pem, "--out", at(`${offline}.signed`));
  for (const name of others)
    await meshwork(...sign, "--keys", home(name), "--out", at(`${name}.signed`));
  expect(await refused(...sign, "--keys", home("agent"), "--out", at("no"))).toMatchObject({
    code: "RECOVERY_KEY_UNKNOWN",
  });
  const signed = members.slice(0, 5).map((name) => at(`${name}.signed`));
  const finish = (files: readonly string[], name: string, ...more: string[]) => [
    ...recover,
    "finish",
    ...files,
    ...snapshot,
    "--data",
    home(name),
    ...more,
  ];
  expect(await refused(...finish(signed.slice(1), "node-1"))).toMatchObject({
    code: "FOUNDING_UNWANTED",
  });
  await meshwork(...finish(signed, "gateway", "--out", at("new-genesis.json")));
  for (const name of members) await meshwork(...finish(signed, name));

  // Until then each command was about the network that was lost.
  renameSync(home("genesis.json"), at("lost-genesis.json"));
  renameSync(at("new-genesis.json"), home("genesis.json"));
  running = await startNetwork(data.path);
  expect(await accounts()).toEqual(before);
  await work("after");
  expect(await accounts()).not.toEqual(before);
  const verify = (name: string, file: string) =>
    meshwork("receipt", "verify", at(`${name}.receipt`), "--genesis", file);
  expect(await verify("after", home("genesis.json"))).toMatchObject([{ kind: "receipt" }]);
  expect(await verify("before", at("lost-genesis.json"))).toMatchObject([{ kind: "receipt" }]);
}, 600_000);
