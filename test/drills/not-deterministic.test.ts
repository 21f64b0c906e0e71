import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { meshwork } from "../support/meshwork-command.ts";
import { startNetwork, type TestNetwork, temporaryFolder } from "../support/running-network.ts";

const example = (path: string) => fileURLToPath(new URL(`../examples/${path}`, import.meta.url));
const data = temporaryFolder();
const at = (name: string) => join(data.path, name);
const KEY = "a key that only the workers know";

/** A web page that says something else each time, and a model that never says it in quite the same words. */
let world: Server;
let origin: string;
let asked = 0;
let running: TestNetwork;

interface Question {
  messages: { content: string }[];
}

function modelSays({ messages: [system] }: Question): string {
  if (system?.content.startsWith("Answer YES or NO")) return "YES";
  const adverb = ["quickly", "badly", "clearly"][asked % 3];
  return `The customer asks ${adverb} for a refund because the parcel arrived broken.`;
}

/** A founder's lease announces nothing: what a node serves, its first renewal says. */
async function nodesThatServe(): Promise<number> {
  const agent = join(running.network.folder, "agent");
  const nodes = await meshwork("nodes", "--api", running.network.apiUrl, "--keys", agent);
  return nodes.filter(({ services }) => String(services) === "fetch,model").length;
}

beforeAll(async () => {
  world = createServer(async (request, response) => {
    asked++;
    if (request.url === "/rates.json") {
      response.end(JSON.stringify({ base: "EUR", rates: { USD: 1.1 }, asked }));
      return;
    }
    const isKnown = request.headers.authorization === `Bearer ${KEY}`;
    if (request.url !== "/v1/chat/completions" || !isKnown) {
      response.writeHead(401).end();
      return;
    }
    const question: Question = JSON.parse(Buffer.concat(await request.toArray()).toString());
    const content = modelSays(question);
    response.end(JSON.stringify({ model: "small-1", choices: [{ message: { content } }] }));
  });
  world.listen(0, "127.0.0.1");
  await once(world, "listening");
  origin = `http://127.0.0.1:${(world.address() as AddressInfo).port}`;
  writeFileSync(at("model.key"), `${KEY}\n`);
  const stores = {
    MESHWORK_FETCH_HOSTS: origin,
    MESHWORK_MODEL_URL: `${origin}/v1`,
    MESHWORK_MODEL_NAME: "small",
    MESHWORK_MODEL_KEY_FILE: at("model.key"),
  };
  running = await startNetwork(data.path, { stores });
  await vi.waitFor(async () => expect(await nodesThatServe()).toBe(7), {
    timeout: 60_000,
    interval: 500,
  });
}, 120_000);
afterAll(async () => {
  await running?.stop();
  world.close();
  data.remove();
}, 60_000);

const ticket =
  "Parcel 17 came broken. I want my money back, and quickly please. Yours, A. Customer";
const rates = () =>
  JSON.stringify({ rates: `${origin}/rates.json`, amount: 10, from: "EUR", to: "USD" });
const rubric = ["--rubric", example("ticket-summary/rubric.js")];

test.each([
  ["recorded", "record-replay", "exchange-rate/program.js", rates, []],
  [
    "similar",
    "quorum-similarity",
    "ticket-summary/program.js",
    () => ticket,
    ["--compare", "token-set:600"],
  ],
  ["judged", "judged", "ticket-summary/program.js", () => ticket, rubric],
  ["attested", "attested", "ticket-summary/program.js", () => ticket, []],
])(
  "work ends %s through the network, and its receipt says so offline",
  async (outcome, nature, program, input, options) => {
    writeFileSync(at(`${nature}.input`), input());
    const services = program.startsWith("exchange") ? ["--fetch", origin] : ["--model"];
    const genesis = ["--genesis", join(running.network.folder, "genesis.json")];
    const told = await meshwork(
      ...["task", "submit", "--api", running.network.apiUrl, ...genesis],
      ...["--keys", join(running.network.folder, "agent"), "--runtime", "js-qjs-v1"],
      ...["--program", example(program), "--input", at(`${nature}.input`)],
      ...["--nature", nature, ...services, ...options],
      ...["--output", at(`${nature}.output`), "--receipt", at(`${nature}.receipt`)],
    );
    expect(told.at(-1)).toMatchObject({ kind: "task", outcome });
    const output = readFileSync(at(`${nature}.output`), "utf8");
    expect(output).toContain(nature === "record-replay" ? '"result":11' : "asks");
    expect(readFileSync(at(`${nature}.receipt`)).includes(KEY)).toBe(false);

    const receipt = await meshwork("receipt", "verify", at(`${nature}.receipt`), ...genesis);
    expect(receipt.at(-1)).toMatchObject({ outcome });
  },
  120_000,
);
