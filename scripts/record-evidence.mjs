/**
 * Runs one of the long shows and keeps what it printed in `docs/evidence`, with commit, date and machine,
 * so that a figure in the docs can be traced to the run that gave it:
 *
 *   npm run evidence              lists the shows
 *   npm run evidence -- NAME      runs one; from a clean tree only, for a commit must say what was run
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { createInterface } from "node:readline";

const shows = {
  "simulation-100000": "npm run sim -- --seeds 100000",
  "kills-200": "npm run test:chaos -- --kills 200",
  "chaos-10-minutes": "npm run test:chaos -- --tasks --minutes 10",
  "fuzz-100000": "npm run test:fuzz",
  "trust-10000": "npm run sim -- trust --tasks 10000",
  ledger: "npm run bench -- ledger",
  "ledger-long": "npm run bench -- ledger-long",
  state: "npm run bench -- state",
  metering: "npm run bench -- metering",
  tasks: "npm run bench -- tasks",
};
/** What a show says last is its result; what stands before it is progress. */
const KEPT_LINES = 120;

const [name] = process.argv.slice(2);
if (name === undefined) listShows();
else process.exitCode = await record(name);

function listShows() {
  const width = Math.max(...Object.keys(shows).map(({ length }) => length));
  for (const [each, command] of Object.entries(shows))
    console.log(`${each.padEnd(width)}  ${command}`);
}

async function record(show) {
  const command = shows[show];
  if (command === undefined) {
    console.error(`there is no show ${show}; these are:`);
    listShows();
    return 2;
  }
  const changed = git("status", "--porcelain", "--untracked-files=no");
  if (changed !== "") {
    console.error(`evidence is of a commit, and these are not committed:\n${changed}`);
    return 2;
  }
  const commit = git("rev-parse", "HEAD");
  const date = new Date().toISOString();
  const { exitCode, seconds, lines } = await run(command);
  const evidence = {
    commit,
    command,
    date,
    machine: machine(),
    result: { exitCode, seconds, lines },
  };
  mkdirSync(new URL("../docs/evidence/", import.meta.url), { recursive: true });
  const file = new URL(`../docs/evidence/${show}.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(evidence, null, 2)}\n`);
  console.log(`docs/evidence/${show}.json`);
  return exitCode;
}

/** @returns exit code, seconds, and the last lines that were printed; all are shown as they come. */
async function run(command) {
  const begun = performance.now();
  const child = spawn(command, { shell: true, stdio: ["ignore", "pipe", "inherit"] });
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line);
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
  }
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((resolve) => child.once("exit", resolve));
  const seconds = Math.round((performance.now() - begun) / 1_000);
  return { exitCode: child.exitCode ?? 1, seconds, lines };
}

function git(...args) {
  return execFileSync("git", args, { encoding: "utf8" }).trim();
}

function machine() {
  return {
    cpu: `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? "unknown"}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}
