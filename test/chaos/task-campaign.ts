import { join } from "node:path";
import { networkFiles, readKeys } from "@meshwork/cli/start";
import { sleep, systemClock } from "@meshwork/foundation";
import { startNetwork, temporaryFolder } from "../support/running-network.ts";
import { SeededRandom } from "../support/simulator/seeded-random.ts";
import { inspectLedgers } from "./inspect-ledgers.ts";
import { LoadReport, orderTasks } from "./task-load.ts";

export interface TaskCampaignOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly onProgress?: (text: string) => void;
}

export interface TaskCampaignReport {
  /** How often each process was killed. */
  readonly kills: ReadonlyMap<string, number>;
  readonly load: LoadReport;
  /** Everything that was promised and not kept, in words; empty when all was. */
  readonly broken: readonly string[];
  readonly height: number;
}

const NODES = 9;
/** Requesters who order one task after the other, all from one account. */
const REQUESTERS = 3;
const LONGEST_PAUSE_MS = 12_000;
/** From the last kill on: longer than all deadlines of all attempts of an order. */
const SETTLE_MS = 300_000;
const TOLD_EVERY_MS = 30_000;

/**
 * A network of processes under load, of which one or two are killed every few seconds, whichever: relay,
 * API, workers, verifiers, validators. Then it is left in peace, and whatever it has accepted must have
 * ended by its rules, once, on everybody's ledger.
 */
export async function taskCampaign(options: TaskCampaignOptions): Promise<TaskCampaignReport> {
  const random = new SeededRandom(options.seed);
  const data = temporaryFolder();
  const running = await startNetwork(data.path, { nodes: NODES, restarts: Infinity });
  const load = new LoadReport();
  const kills = new Map<string, number>();
  try {
    const { apiUrl: url, folder, genesis } = running.network;
    const { keyPair } = await readKeys(join(folder, networkFiles.agent));
    const enough = AbortSignal.timeout(options.minutes * 60_000);
    const tooLate = AbortSignal.timeout(options.minutes * 60_000 + SETTLE_MS);
    const requesters = Array.from({ length: REQUESTERS }, (_, index) =>
      orderTasks(load, {
        ...{ url, genesis, keyPair, enough, tooLate },
        random: new SeededRandom(options.seed + 1 + index),
      }),
    );
    const names = running.network.processes().map(({ name }) => name);
    await Promise.all([
      ...requesters,
      killUntil(enough, { random, names, kills, pidOf: running.pidOf }),
      tellUntil(enough, () => options.onProgress?.(stand(load, kills))),
    ]);
    await running.stop();
    const { broken, height } = await inspectLedgers({ folder, genesis, accepted: load.accepted });
    return { kills, load, broken: [...load.broken, ...broken], height };
  } finally {
    await running.stop();
    data.remove();
  }
}

interface Victims {
  readonly random: SeededRandom;
  readonly names: readonly string[];
  readonly kills: Map<string, number>;
  readonly pidOf: (name: string) => number;
}

async function killUntil(enough: AbortSignal, victims: Victims): Promise<void> {
  const { random, names, kills, pidOf } = victims;
  while (!enough.aborted) {
    await sleep(systemClock, random.int(LONGEST_PAUSE_MS));
    for (const name of random.shuffled(names).slice(0, random.chance(0.2) ? 2 : 1)) {
      if (!kill(pidOf(name))) continue;
      kills.set(name, (kills.get(name) ?? 0) + 1);
    }
  }
}

/** False: it is dead already, and will be started again. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}

async function tellUntil(enough: AbortSignal, tell: () => void): Promise<void> {
  while (!enough.aborted) {
    await sleep(systemClock, TOLD_EVERY_MS);
    tell();
  }
}

const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, each) => total + each, 0);

const stand = (load: LoadReport, kills: ReadonlyMap<string, number>): string =>
  `${sum(kills)} kills, ${load.accepted.size} orders accepted, ${sum(load.ends)} ended`;
