import { once } from "node:events";
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { Validators } from "../support/validators.ts";
import { type BenchRow, median, quantile, row } from "./harness.ts";

const FINALITY_SAMPLES = 100;
const BURSTS = 3;
/** Handed in at each validator; two blocks of the largest number in all. */
const BURST = 500;
/** So many wait at each validator, and the next is handed in when one is included: a load that goes on, not a pile. */
const AT_ONCE = 250;
/** Shortened, so that an idle minute takes seconds. */
const HEARTBEAT_MS = 2_000;
const HEARTBEATS = 5;
/** As many as four validators make in a minute: a process that has just started is warm long before their end. */
const MADE_BLOCKS = 1_500;
const VERIFY_MS = 2_000;

/** Four validators as processes on loopback: what they do alone, together, idle, and after an absence. */
export async function liveRows(): Promise<BenchRow[]> {
  const validators = await Validators.create({ policy: { heartbeatMs: HEARTBEAT_MS } });
  try {
    await validators.start(...validators.names);
    await include(validators, 20);
    return [
      ...(await finalityRows(validators)),
      await catchUpRow(validators),
      ...(await throughputRows(validators)),
      await idleRow(validators),
    ];
  } finally {
    await validators.end();
  }
}

async function finalityRows(validators: Validators): Promise<BenchRow[]> {
  const ms = await include(validators, FINALITY_SAMPLES);
  return [
    row({ metric: "finality p50", value: median(ms), unit: "ms" }),
    row({ metric: "finality p99", value: quantile(ms, 0.99), unit: "ms" }),
  ];
}

/**
 * Every validator checks every signature, and all share this machine: so the ceiling is what its cores
 * check in a second by one key, divided by the validators. A newcomer's key is in his transaction, and must
 * first be decompressed and imported by each; what a node sends from then on, as its renewal, is by a key
 * that is known. Each node of a round registers, and then renews.
 */
async function throughputRows(validators: Validators): Promise<BenchRow[]> {
  const registrations: number[] = [];
  const renewals: number[] = [];
  const ceilings: number[] = [];
  for (let round = -1; round < BURSTS; round++) {
    const registered = await included(validators, { kind: "sign", count: BURST });
    const ceiling = (await verificationsPerSecond()) / validators.names.length;
    const renewed = await included(validators, { kind: "sign-renewals" });
    // The first round starts threads and warms compilers up.
    if (round < 0) continue;
    registrations.push(registered);
    renewals.push(renewed);
    ceilings.push(ceiling);
  }
  const rowOf = (what: string, rates: readonly number[]) =>
    row(
      {
        metric: `${what} a second, against SM2 checks of all cores / 4`,
        value: median(rates),
        unit: "1/s",
        baseline: median(ceilings),
      },
      { atLeast: 0.6 },
    );
  return [rowOf("renewals", renewals), rowOf("registrations of newcomers", registrations)];
}

/** A second: what each validator has signed, handed in at all of them together. */
async function included(validators: Validators, sign: object): Promise<number> {
  const { names } = validators;
  await Promise.all(names.map((name) => validators.ask(name, sign, "signed")));
  const burst = { kind: "burst", atOnce: AT_ONCE };
  const ends = await Promise.all(names.map((name) => validators.ask(name, burst, "burst")));
  return (BURST * names.length) / (Math.max(...ends.map(({ elapsedMs }) => elapsedMs)) / 1_000);
}

async function verificationsPerSecond(): Promise<number> {
  const rates = await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      const file = new URL("./ledger-verify-worker.ts", import.meta.url);
      const worker = new Worker(file, { workerData: { durationMs: VERIFY_MS } });
      const [rate] = (await once(worker, "message")) as [number];
      await worker.terminate();
      return rate;
    }),
  );
  return rates.reduce((sum, rate) => sum + rate, 0);
}

async function idleRow(validators: Validators): Promise<BenchRow> {
  const before = await heightOf(validators);
  await delay(HEARTBEATS * HEARTBEAT_MS);
  const blocks = (await heightOf(validators)) - before;
  return row(
    {
      metric: `blocks of an idle network, per heartbeat (${HEARTBEAT_MS / 1_000} s here)`,
      value: blocks / HEARTBEATS,
      unit: "1",
    },
    { atMost: 1.2 },
  );
}

/** All make blocks of one transaction each; then one loses its blocks, and fetches them from the others. */
async function catchUpRow(validators: Validators): Promise<BenchRow> {
  const away = validators.names.at(-1) as string;
  const begun = performance.now();
  await include(validators, MADE_BLOCKS);
  const makingPerSecond = MADE_BLOCKS / ((performance.now() - begun) / 1_000);
  const height = await heightOf(validators);
  await validators.kill(away);
  await rm(join(validators.folderOf(away), "chain"), { recursive: true });
  await validators.start(away);
  const [seen, started] = [await heightOf(validators, away), performance.now()];
  await validators.ask(away, { kind: "wait", height }, "at");
  const seconds = (performance.now() - started) / 1_000;
  return row(
    {
      metric: `catch-up of ${height} blocks, against their making`,
      value: (height - seen) / seconds,
      unit: "blocks/s",
      baseline: makingPerSecond,
    },
    { atLeast: 20 },
  );
}

async function include(validators: Validators, count: number): Promise<number[]> {
  const [first] = validators.names as [string];
  return (await validators.ask(first, { kind: "include", count }, "included")).finalityMs;
}

async function heightOf(validators: Validators, name = validators.names[0] as string) {
  return (await validators.ask(name, { kind: "look", accounts: [] }, "seen")).height;
}
