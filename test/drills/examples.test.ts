import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { meshwork } from "../support/meshwork-command.ts";
import { startNetwork, type TestNetwork, temporaryFolder } from "../support/running-network.ts";

const example = (path: string) => fileURLToPath(new URL(`../examples/${path}`, import.meta.url));
const data = temporaryFolder();
const at = (name: string) => join(data.path, name);
let running: TestNetwork;

beforeAll(async () => {
  running = await startNetwork(data.path);
}, 90_000);
afterAll(async () => {
  await running.stop();
  data.remove();
}, 60_000);

const accessLog = Array.from(
  { length: 500 },
  (_, i) =>
    `10.0.0.${i % 7} - - [10/Oct/2026:${String(i % 24).padStart(2, "0")}:00:00 +0000] "GET /page/${i % 11} HTTP/1.1" 200 ${i}\n`,
).join("");

/** More than three chunks: it goes to the gateway, to the workers and into their sandboxes piece by piece. */
const longLog = accessLog.repeat(Math.ceil((3.5 * 2 ** 20) / accessLog.length));

const documents = JSON.stringify(
  Array.from({ length: 60 }, (_, i) => ({ id: `page ${i}`, text: `words of page ${i}, and more` })),
);

test.each([
  ["text-index/program.js", "js-qjs-v1", documents, '"averageLength"'],
  ["option-pricing/option-pricing.wasm", "wasm-step-v1", "100 105 0.03 0.2 1 60000", '"asian"'],
  [
    "log-analysis/log-analysis.wasm",
    "wasi-cmd-v1",
    longLog,
    `requests ${(500 * longLog.length) / accessLog.length}`,
  ],
])(
  "%s runs through the network as %s, and its receipt can be reproduced from program and input",
  async (program, runtime, input, inOutput) => {
    const genesis = ["--genesis", join(running.network.folder, "genesis.json")];
    const files = ["--input", at(`${runtime}.input`)];
    writeFileSync(at(`${runtime}.input`), input);
    const told = await meshwork(
      ...["task", "submit", "--api", running.network.apiUrl, ...genesis],
      ...["--keys", join(running.network.folder, "agent"), "--runtime", runtime],
      ...["--program", example(program), ...files],
      ...["--output", at(`${runtime}.output`), "--receipt", at(`${runtime}.receipt`)],
    );
    expect(told.at(-1)).toMatchObject({ kind: "task", outcome: "verified" });
    expect(readFileSync(at(`${runtime}.output`), "utf8")).toContain(inOutput);

    const reproduce = ["task", "reproduce", example(program), ...genesis];
    const receipt = ["--receipt", at(`${runtime}.receipt`)];
    const checks = await meshwork(...reproduce, ...receipt, ...files);
    expect(checks.map(({ name, same }) => [name, same])).toEqual(
      ["resultHash", "traceRoot", "steps", "fuel", "fault"].map((name) => [name, true]),
    );
    // With another input it is another task, and the command says so.
    writeFileSync(at("other.input"), "1 1 1 1 1 1");
    await expect(
      meshwork(...reproduce, ...receipt, "--input", at("other.input")),
    ).rejects.toMatchObject({ code: 10, stdout: expect.stringContaining("NOT_REPRODUCED") });
  },
  120_000,
);
