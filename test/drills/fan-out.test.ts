import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createMeshwork, type JobState } from "@meshwork/api/client";
import { networkFiles, readKeys } from "@meshwork/cli/start";
import { jobReceipt, jobReceiptRoot } from "@meshwork/protocol";
import { verifyJobReceipt } from "@meshwork/verify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { meshwork } from "../support/meshwork-command.ts";
import { startNetwork, type TestNetwork, temporaryFolder } from "../support/running-network.ts";

const example = (path: string) => fileURLToPath(new URL(`../examples/${path}`, import.meta.url));
const data = temporaryFolder();
const at = (name: string) => join(data.path, name);
let running: TestNetwork;
let asAgent: string[];

beforeAll(async () => {
  running = await startNetwork(data.path);
  const { apiUrl, folder } = running.network;
  asAgent = ["--api", apiUrl, "--keys", join(folder, "agent"), ...genesis()];
}, 90_000);
afterAll(async () => {
  await running.stop();
  data.remove();
}, 60_000);

const genesis = () => ["--genesis", join(running.network.folder, "genesis.json")];

const documents = Array.from({ length: 40 }, (_, i) => ({
  id: `page ${i}`,
  text: `words of page ${i}, and ${i % 3 === 0 ? "some" : "many"} more`,
}));

const logOf = (part: number) =>
  Array.from(
    { length: 200 },
    (_, i) =>
      `10.0.${part}.${i % 7} - - [10/Oct/2026:${String(i % 24).padStart(2, "0")}:00:00 +0000] "GET /page/${i % 11} HTTP/1.1" 200 ${i}\n`,
  ).join("");

test("an index that is built in parts and put together is the index of the whole, and one receipt proves it", async () => {
  for (let part = 0; part < 4; part++)
    writeFileSync(
      at(`documents-${part}.json`),
      JSON.stringify(documents.slice(10 * part, 10 * part + 10)),
    );
  const told = await meshwork(
    ...["task", "map", example("text-index/program.js"), ...asAgent],
    ...["--inputs-from", at("documents-*.json"), "--reduce", example("text-index/reduce.js")],
    ...["--output", at("index.json"), "--receipt", at("index.receipt")],
  );
  expect(told.at(-1)).toMatchObject({ kind: "task", outcome: "verified", failures: 0 });

  writeFileSync(at("documents.json"), JSON.stringify(documents));
  await meshwork(
    ...["task", "run", "--local", example("text-index/program.js")],
    ...["--input", at("documents.json"), "--output", at("whole.json")],
  );
  const index = readFileSync(at("index.json"), "utf8");
  expect(JSON.parse(index)).toEqual(JSON.parse(readFileSync(at("whole.json"), "utf8")));

  const [verified] = await meshwork("receipt", "verify", at("index.receipt"), ...genesis());
  expect(verified).toMatchObject({ kind: "job-receipt", failures: 0, trust: "valid" });

  const receipt = jobReceipt.decode(readFileSync(at("index.receipt")));
  const swapped = { ...receipt, parts: receipt.parts.toReversed() };
  writeFileSync(
    at("swapped.receipt"),
    jobReceipt.encode({ ...swapped, root: jobReceiptRoot(swapped) }),
  );
  await expect(
    meshwork("receipt", "verify", at("swapped.receipt"), ...genesis()),
  ).rejects.toMatchObject({ stdout: expect.stringContaining("WRONG_PART") });
}, 180_000);

test("a log is analysed in parts though the gateway is killed by SIGKILL in the middle", async () => {
  for (let part = 0; part < 6; part++) writeFileSync(at(`access-${part}.log`), logOf(part));
  const [begun] = await meshwork(
    ...["task", "map", example("log-analysis/log-analysis.wasm"), ...asAgent],
    ...["--inputs-from", at("access-*.log"), "--reduce", example("log-analysis/reduce.js")],
    "--no-watch",
  );
  const jobId = begun?.jobId as never;
  const { keyPair } = await readKeys(join(running.network.folder, networkFiles.agent));
  const mesh = createMeshwork({ url: running.network.apiUrl, key: keyPair });
  const killed = running.pidOf("api");
  let isKilled = false;
  const done = await mesh.followJob(jobId, {
    onState({ parts }: JobState) {
      if (isKilled || !parts.some(({ stage }) => stage === "done")) return;
      isKilled = true;
      process.kill(killed, "SIGKILL");
    },
  });
  expect(isKilled).toBe(true);
  expect(running.pidOf("api")).not.toBe(killed);
  const report = new TextDecoder().decode(done.output ?? new Uint8Array());
  expect(report).toContain("requests 1200, unreadable lines 0");
  const { genesis: of } = running.network;
  const checked = verifyJobReceipt(done.receipt, { genesis: of, now: of.time });
  expect(checked).toMatchObject({ ok: true, jobId, failures: 0 });
  if (checked.ok) expect(checked.parts).toHaveLength(6);
}, 240_000);
