import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { demonstrate } from "@meshwork/cli/start";
import { systemClock } from "@meshwork/foundation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { meshwork } from "../support/meshwork-command.ts";
import { startNetwork, type TestNetwork, temporaryFolder } from "../support/running-network.ts";

const data = temporaryFolder();
const at = (name: string) => join(data.path, name);
let running: TestNetwork;

const apiOptions = () => [
  ...["--api", running.network.apiUrl],
  ...["--keys", join(running.network.folder, "agent")],
];
const genesis = () => join(running.network.folder, "genesis.json");

/** How far the ledger is, as the API knows it. */
async function height(): Promise<number> {
  const response = await fetch(`${running.network.apiUrl}/trpc/network.get`);
  return (await response.json()).result.data.height;
}

beforeAll(async () => {
  running = await startNetwork(data.path);
}, 90_000);
afterAll(async () => {
  await running.stop();
  data.remove();
}, 60_000);

describe("a network of processes", () => {
  test("verifies the two tasks of npm start", async () => {
    const output = { json: false, say: () => {}, emit: () => {}, note: () => {} };
    const { signal } = new AbortController();
    const verified = await demonstrate(
      { clock: systemClock, output, began: systemClock.monotonic(), signal },
      { ...running.network, results: at("results") },
    );
    expect(verified).toBe(2);
  }, 120_000);

  test("takes a task from the command line and gives a receipt that verifies offline", async () => {
    writeFileSync(
      at("count.js"),
      "function main(inputs) { return inputs[0].text().split(' ').length; }\n",
    );
    writeFileSync(at("words.txt"), "so it is");
    const told = await meshwork(
      ...["task", "submit", ...apiOptions(), "--genesis", genesis(), "--runtime", "js-qjs-v1"],
      ...["--program", at("count.js"), "--input", at("words.txt")],
      ...["--output", at("count.json"), "--receipt", at("count.receipt")],
    );
    expect(told.at(-1)).toMatchObject({ kind: "task", outcome: "verified" });
    expect(readFileSync(at("count.json"), "utf8")).toBe("3");
    writeFileSync(at("order.json"), JSON.stringify(told.at(-1)));
    const [checked] = await meshwork(
      ...["receipt", "verify", at("count.receipt"), "--genesis", genesis()],
    );
    expect(checked).toMatchObject({ kind: "receipt", outcome: "verified" });
  }, 60_000);

  test("says how its own program failed, and ends in 10", async () => {
    writeFileSync(at("broken.js"), "function main() { throw new Error('no'); }\n");
    const submitted = meshwork(
      ...["task", "submit", ...apiOptions(), "--runtime", "js-qjs-v1", "--watch"],
      ...["--program", at("broken.js")],
    );
    await expect(submitted).rejects.toMatchObject({
      code: 10,
      stdout: expect.stringContaining("PROGRAM_ERROR"),
    });
  }, 60_000);

  test("shows its nodes, and why an account holds what it holds", async () => {
    const nodes = await meshwork("nodes", ...apiOptions());
    expect(nodes).toHaveLength(7);
    expect(nodes.filter(({ seated }) => seated)).toHaveLength(4);
    const [agent] = await meshwork("key", "show", join(running.network.folder, "agent"));
    const told = await meshwork("account", String(agent?.nodeId), ...apiOptions());
    expect(told.map(({ rule }) => rule)).toContain("escrow");
  });

  test("knows everything again when it is started again", async () => {
    const before = await height();
    const { orderId } = JSON.parse(readFileSync(at("order.json"), "utf8"));
    await running.stop();
    running = await startNetwork(data.path);
    expect(running.network.isNew).toBe(false);
    expect(await height()).toBeGreaterThanOrEqual(before);
    const [result] = await meshwork("task", "get", orderId, ...apiOptions());
    expect(result).toMatchObject({ outcome: "verified", output: "33" });
  }, 120_000);
});
