import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../support/simulator/seeded-random.ts";
import { Validators } from "../support/validators.ts";
import { VoteScan } from "./vote-scan.ts";

export interface CampaignOptions {
  readonly kills: number;
  readonly seed: number;
  readonly onKill?: (kill: number) => void;
}

export interface CampaignReport {
  readonly kills: number;
  readonly height: number;
  readonly acknowledged: number;
  readonly votes: number;
  /** Everything that was promised and not kept, in words; empty when all was. */
  readonly broken: string[];
}

/** Handed in at a time by each validator. */
const AT_ONCE = 4;

/**
 * Kills one of four validators after the other, at any moment, while transactions come in at all of them.
 * Then looks: nothing acknowledged is lost, no seat contradicts itself, and all are in one state.
 */
export async function killCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const random = new SeededRandom(options.seed);
  const validators = await Validators.create();
  const scan = new VoteScan();
  try {
    await startWithLoad(validators, ...validators.names);
    for (let kill = 1; kill <= options.kills; kill++) {
      await delay(random.int(600));
      const victim = random.pick(validators.names);
      await validators.kill(victim);
      await scan.read(validators.folderOf(victim));
      await delay(random.int(300));
      // Some die again before they are up.
      if (random.chance(0.2)) await validators.startAndKill(victim, random.int(1_000));
      await startWithLoad(validators, victim);
      options.onKill?.(kill);
    }
    return await inspect(validators, scan, options.kills);
  } finally {
    await validators.end();
  }
}

async function startWithLoad(validators: Validators, ...names: string[]): Promise<void> {
  await validators.start(...names);
  for (const name of names) validators.tell(name, { kind: "load", atOnce: AT_ONCE });
}

/** All are killed once more, in the midst of the load, and wake up without it. */
async function inspect(
  validators: Validators,
  scan: VoteScan,
  kills: number,
): Promise<CampaignReport> {
  const { names } = validators;
  await validators.kill(...names);
  for (const name of names) await scan.read(validators.folderOf(name));
  await validators.start(...names);
  const accounts = [...validators.acknowledged];
  const broken: string[] = [];
  const heights: number[] = [];
  for (const name of names) {
    const { missing, height } = await settle(validators, name, accounts);
    heights.push(height);
    if (missing.length > 0)
      broken.push(
        `${name} knows nothing of ${missing.length} acknowledged transactions: ${missing[0]}`,
      );
  }
  const height = Math.min(...heights);
  const roots = await Promise.all(
    names.map((name) => validators.ask(name, { kind: "wait", height }, "at")),
  );
  if (new Set(roots.map(({ hash }) => hash)).size > 1)
    broken.push(`the state roots differ at height ${height}: ${roots.map(({ hash }) => hash)}`);
  for (const { seat, first } of scan.contradictions)
    broken.push(`seat ${seat} contradicts itself at height ${first.ballot.height}`);
  return { kills, height, acknowledged: accounts.length, votes: scan.votes, broken };
}

/** What was acknowledged and is pending when the load stops is included soon, or never. */
const SETTLE_MS = 60_000;

async function settle(validators: Validators, name: string, accounts: readonly string[]) {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const seen = await validators.ask(name, { kind: "look", accounts }, "seen");
    if (seen.missing.length === 0 || performance.now() > deadline) return seen;
    await delay(200);
  }
}
